/** Batch normalisation with the batch's own statistics, as one differentiable step. */
import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormResult } from '../ops.ts';
import { annealed } from './annealed.ts';
import { channelSums } from './channelSums.ts';
import { withGradient } from './gradient.ts';

/** x [N,H,W,C], gamma and beta [C]; see Ops.batchNormTrain. */
export function batchNormTrain(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  lambda = 0,
): BatchNormResult {
  const [mean, variance] = statistics(x);
  const y = withGradient([x, gamma, beta], (save, x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D) => {
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    const scale = tf.mul(gamma, inverse);
    save([x, scale, inverse, mean]);
    return {
      value: tf.add(tf.mul(x, scale), tf.sub(beta, tf.mul(mean, scale))) as tf.Tensor4D,
      gradient: (dy: tf.Tensor4D, saved) => gradients(dy, saved as Saved),
    };
  });
  return { y: annealed(y, lambda), mean, variance };
}

type Saved = [x: tf.Tensor4D, scale: tf.Tensor1D, inverse: tf.Tensor1D, mean: tf.Tensor1D];

/** With x̂ the normalised x and m = N·H·W: dβ = Σ dy, dγ = Σ dy·x̂, dx = scale·(dy - dβ/m - x̂·dγ/m). */
function gradients(dy: tf.Tensor4D, [x, scale, inverse, mean]: Saved): tf.Tensor[] {
  const count = x.size / x.shape[3];
  const centred = tf.sub(x, mean) as tf.Tensor4D;
  const dBeta = channelSums(dy);
  const dGamma = tf.mul(channelSums(tf.mul(dy, centred)), inverse);
  const slope = tf.mul(tf.mul(dGamma, inverse), -1 / count);
  const dx = tf.mul(tf.add(dy, tf.sub(tf.mul(centred, slope), tf.div(dBeta, count))), scale);
  return [dx, dGamma, dBeta];
}

/** Mean and biased variance of each channel, [C]. Computed where nothing is recorded: what the statistics owe x is in
 * the closed-form gradient above, and a recorded copy would keep every centred activation alive until the step ends. */
function statistics(x: tf.Tensor4D): [mean: tf.Tensor1D, variance: tf.Tensor1D] {
  const channels = x.shape[3];
  const count = x.size / channels;
  const both = withGradient([x], (_save, x: tf.Tensor4D) => {
    const mean = tf.div(channelSums(x), count) as tf.Tensor1D;
    const variance = tf.div(channelSums(tf.square(tf.sub(x, mean)) as tf.Tensor4D), count);
    return {
      value: tf.stack([mean, variance]) as tf.Tensor2D,
      gradient: () => [tf.zeros(x.shape)],
    };
  });
  return [
    tf.reshape(tf.slice2d(both, [0, 0], [1, channels]), [channels]),
    tf.reshape(tf.slice2d(both, [1, 0], [1, channels]), [channels]),
  ];
}
