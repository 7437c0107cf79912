/** One optimizer step. */
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../datasets/batches.ts';
import type { VanillaNet } from '../nn/vanillanet.ts';
import { countCorrect, crossEntropy } from './loss.ts';
import type { Optimizer } from './optimizer.ts';

/** Takes a batch forward and back and updates the parameters. Gives [mean loss, correct images], a vector of two that
 * the caller reads when it likes and disposes. */
export function trainStep(
  net: VanillaNet,
  optimizer: Optimizer,
  batch: Batch,
  labelSmoothing: number,
  learningRate: number,
): tf.Tensor1D {
  const { inputSize, inputChannels } = net.config;
  return tf.tidy(() => {
    const x = tf.tensor4d(batch.x, [batch.count, inputSize, inputSize, inputChannels]);
    const labels = tf.tensor1d(Int32Array.from(batch.labels), 'int32');
    let correct: tf.Scalar | undefined;
    const { value, grads } = tf.variableGrads(() => {
      const logits = net.apply(x, 'train');
      correct = tf.keep(countCorrect(logits, labels));
      return crossEntropy(logits, labels, labelSmoothing);
    }, optimizer.variables);
    optimizer.step(grads, learningRate);
    const stats = tf.stack([value, correct!]) as tf.Tensor1D;
    correct!.dispose();
    return stats;
  });
}
