/** The part of a depthwise filter that a small map can meet. */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './gradient.ts';

/** w [k,k,C,1] with odd k, for a map of shape [N,H,W,C]: on H×W places a weight more than H - 1 rows or W - 1 columns off
 * the middle meets nothing but padding. What is left, [j,j,C,1] with odd j, gives the same convolution; on a single
 * pixel it is one weight a channel. */
export function reachable(w: tf.Tensor4D, [, height, width]: tf.Tensor4D['shape']): tf.Tensor4D {
  const size = w.shape[0];
  const reach = Math.min(size, 2 * Math.max(height, width) - 1);
  if (reach === size) return w;
  const off = (size - reach) / 2;
  return withGradient([w], (_save, w: tf.Tensor4D) => ({
    value: tf.slice4d(w, [off, off, 0, 0], [reach, reach, w.shape[2], 1]),
    gradient: (dw: tf.Tensor4D) => [
      tf.pad4d(dw, [
        [off, off],
        [off, off],
        [0, 0],
        [0, 0],
      ]),
    ],
  }));
}
