/** The average over all places, ahead of the classifier. */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './gradient.ts';

/** x [N,H,W,C] → [N,1,1,C]. */
export function globalAverage(x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape;
  return withGradient([x], (_save, x: tf.Tensor4D) => ({
    value: tf.mean(x, [1, 2], true) as tf.Tensor4D,
    gradient: (dy: tf.Tensor4D) => [tf.tile(tf.div(dy, height * width), [1, height, width, 1])],
  }));
}
