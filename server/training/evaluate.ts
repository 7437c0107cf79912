/** Loss and accuracy over a split, in inference mode. */
import * as tf from '@tensorflow/tfjs-core';
import { toInput, type Normalisation } from '../datasets/batches.ts';
import type { Split } from '../datasets/dataset.ts';
import type { VanillaNet } from '../nn/vanillanet.ts';
import { countCorrect, crossEntropy } from './loss.ts';
import { Readings } from './readings.ts';

export interface Evaluation {
  /** Mean cross-entropy in nats, without label smoothing. */
  loss: number;
  /** 0 to 1. */
  accuracy: number;
}

/** Takes the split through the network in batches of `batchSize`, in order; yields after each batch, so that the
 * caller can attend to other things, and returns the means. */
export async function* evaluate(
  net: VanillaNet,
  split: Split,
  normalisation: Normalisation,
  batchSize: number,
): AsyncGenerator<void, Evaluation> {
  const { inputSize, inputChannels } = net.config;
  const pixels = inputSize * inputSize * inputChannels;
  const total = split.labels.length;
  const readings = new Readings<number>();
  let loss = 0;
  let correct = 0;
  const gather = async (left: number): Promise<void> => {
    for (const { tag: count, values } of await readings.take(left)) {
      loss += values[0]! * count;
      correct += values[1]!;
    }
  };
  for (let from = 0; from < total; from += batchSize) {
    const to = Math.min(total, from + batchSize);
    const stats = tf.tidy(() => {
      const images = toInput(split.images.subarray(from * pixels, to * pixels), normalisation);
      const x = tf.tensor4d(images, [to - from, inputSize, inputSize, inputChannels]);
      const labels = tf.tensor1d(Int32Array.from(split.labels.subarray(from, to)), 'int32');
      const logits = net.apply(x, 'infer');
      return tf.stack([crossEntropy(logits, labels, 0), countCorrect(logits, labels)]);
    });
    readings.add(to - from, stats);
    await gather(1);
    yield;
  }
  await gather(0);
  return { loss: loss / total, accuracy: correct / total };
}
