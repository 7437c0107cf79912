/** Batch normalisation by the running statistics, from kernels that every backend has. */
import * as tf from '@tensorflow/tfjs-core';
import { affineOf } from '../folding.ts';
import type { RunningNorm } from '../ops.ts';
import { affine } from './affine.ts';

/** See Ops.batchNormInfer. */
export function batchNormInfer(x: tf.Tensor4D, norm: RunningNorm, lambda: number): tf.Tensor4D {
  return tf.tidy(() => {
    const { scale, shift } = affineOf([norm])[0]!;
    return affine(x, scale, shift, lambda);
  });
}
