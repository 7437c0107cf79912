/** A normalisation that is known beforehand, from kernels that every backend has. */
import * as tf from '@tensorflow/tfjs-core';
import { ops } from '../ops.ts';

/** x [N,H,W,C] · scale [C] + shift [C]; then the annealed activation at `lambda`, which is none at 0. */
export function affine(x: tf.Tensor4D, scale: tf.Tensor1D, shift: tf.Tensor1D, lambda: number): tf.Tensor4D {
  return tf.tidy(() => ops().annealed(ops().biasAdd(tf.mul(x, scale), shift), lambda));
}
