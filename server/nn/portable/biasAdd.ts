/** A bias for each channel. */
import * as tf from '@tensorflow/tfjs-core';
import { channelSums } from './channelSums.ts';
import { withGradient } from './gradient.ts';

/** x [N,H,W,C] + b [C]. */
export function biasAdd(x: tf.Tensor4D, b: tf.Tensor1D): tf.Tensor4D {
  return withGradient([x, b], (_save, x: tf.Tensor4D, b: tf.Tensor1D) => ({
    value: tf.add(x, b) as tf.Tensor4D,
    gradient: (dy) => [tf.clone(dy), channelSums(dy)],
  }));
}
