/** Loss and accuracy over a split, in inference mode. */
import * as tf from '@tensorflow/tfjs-core';
import type { NetworkConfig } from '../../shared/config.ts';
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
  images: number;
}

/** Of two parts of a split together. */
export function joinEvaluations(a: Evaluation, b: Evaluation): Evaluation {
  const images = a.images + b.images;
  const mean = (x: number, y: number): number => (x * a.images + y * b.images) / images;
  return { loss: mean(a.loss, b.loss), accuracy: mean(a.accuracy, b.accuracy), images };
}

/** Images of these places in a split as the network takes them, [n, H, W, C], and their classes [n]. */
export function testBatch(
  split: Split,
  places: readonly number[],
  normalisation: Normalisation,
  { inputSize, inputChannels }: NetworkConfig,
): { x: tf.Tensor4D; labels: tf.Tensor1D } {
  const pixels = inputSize * inputSize * inputChannels;
  const images = new Uint8Array(places.length * pixels);
  places.forEach((place, i) =>
    images.set(split.images.subarray(place * pixels, (place + 1) * pixels), i * pixels),
  );
  return {
    x: tf.tensor4d(toInput(images, normalisation), [places.length, inputSize, inputSize, inputChannels]),
    labels: tf.tensor1d(
      Int32Array.from(places, (place) => split.labels[place]!),
      'int32',
    ),
  };
}

/** Mean cross-entropy and number of right answers, [2]. */
export function testStats(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  return tf.tidy(
    () => tf.stack([crossEntropy(logits, labels, 0), countCorrect(logits, labels)]) as tf.Tensor1D,
  );
}

/** Takes the images of these places (by default all) through the network in batches of `batchSize`, in order; yields
 * after each batch, so that the caller can attend to other things, and returns the means. */
export async function* evaluate(
  net: VanillaNet,
  split: Split,
  normalisation: Normalisation,
  batchSize: number,
  places: readonly number[] = [...split.labels.keys()],
): AsyncGenerator<void, Evaluation> {
  const readings = new Readings<number>();
  let loss = 0;
  let correct = 0;
  const gather = async (left: number): Promise<void> => {
    for (const { tag: count, values } of await readings.take(left)) {
      loss += values[0]! * count;
      correct += values[1]!;
    }
  };
  try {
    for (let from = 0; from < places.length; from += batchSize) {
      const batch = places.slice(from, from + batchSize);
      const stats = tf.tidy(() => {
        const { x, labels } = testBatch(split, batch, normalisation, net.config);
        return testStats(net.apply(x, 'infer'), labels);
      });
      readings.add(batch.length, stats);
      await gather(1);
      yield;
    }
    await gather(0);
  } finally {
    readings.dispose();
  }
  const images = places.length;
  // Nothing has no mean: joined with others it counts for nothing.
  return images > 0
    ? { loss: loss / images, accuracy: correct / images, images }
    : { loss: 0, accuracy: 0, images };
}
