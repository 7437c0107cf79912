/** Depthwise convolution with gradients made of kernels that every backend has. */
import * as tf from '@tensorflow/tfjs-core';
import { channelSums } from './channelSums.ts';
import { withGradient } from './gradient.ts';

/** x [N,H,W,C], w [k,k,C,1] with odd k, zero padding (k - 1) / 2 → [N,H,W,C]. */
export function depthwise(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  return withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
    save([x, w]);
    return {
      value: tf.depthwiseConv2d(x, w, 1, 'same'),
      gradient: (dy, saved) => {
        const [x, w] = saved as [tf.Tensor4D, tf.Tensor4D];
        // An odd kernel at stride 1 is its own adjoint once reversed.
        const dx = tf.depthwiseConv2d(dy, tf.reverse(w, [0, 1]), 1, 'same');
        return [dx, filterGradient(x, dy, w.shape[0])];
      },
    };
  });
}

/** Each tap of the kernel saw the input shifted by its place: its gradient is the sum of that shifted input times the
 * output's gradient. */
function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, size: number): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  const pad = (size - 1) / 2;
  const padded = tf.pad4d(x, [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0],
  ]);
  const taps: tf.Tensor1D[] = [];
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      taps.push(
        tf.tidy(() =>
          channelSums(
            tf.mul(tf.slice4d(padded, [0, row, column, 0], [n, height, width, channels]), dy) as tf.Tensor4D,
          ),
        ),
      );
  return tf.reshape(tf.stack(taps), [size, size, channels, 1]);
}
