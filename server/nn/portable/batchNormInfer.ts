/** Batch normalisation by the running statistics, from kernels that every backend has. */
import * as tf from '@tensorflow/tfjs-core';
import type { RunningNorm } from '../ops.ts';
import { affine } from './affine.ts';

/** See Ops.batchNormInfer. */
export function batchNormInfer(x: tf.Tensor4D, norm: RunningNorm, lambda: number): tf.Tensor4D {
  const { gamma, beta, mean, variance, bias, epsilon } = norm;
  return tf.tidy(() => {
    const scale: tf.Tensor1D = tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)));
    const centre = bias ? tf.sub(mean, bias) : mean;
    return affine(x, scale, tf.sub(beta, tf.mul(centre, scale)), lambda);
  });
}
