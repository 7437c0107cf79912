/** Drops the places of a map that has only one. */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './gradient.ts';

/** x [N,1,1,C] → [N,C]. */
export function flatten(x: tf.Tensor4D): tf.Tensor2D {
  const shape = x.shape;
  return withGradient([x], (_save, x: tf.Tensor4D) => ({
    value: tf.reshape(x, [shape[0], shape[3]]) as tf.Tensor2D,
    gradient: (dy: tf.Tensor2D) => [tf.reshape(dy, shape)],
  }));
}
