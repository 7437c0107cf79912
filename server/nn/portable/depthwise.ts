/** Depthwise convolution with gradients made of kernels that every backend has. */
import * as tf from '@tensorflow/tfjs-core';
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

/** Each weight saw the input shifted by its place, so its gradient is the input correlated with the output's gradient.
 * That is a depthwise convolution too, once images are folded into channels: the input [1,H,W,N·C] under a kernel
 * [H,W,N·C,1] as large as itself, padded so that k·k places remain. One call instead of k² shifted products. */
function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, size: number): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  const fold = (t: tf.Tensor4D): tf.Tensor => tf.transpose(t, [1, 2, 0, 3]);
  const images = tf.reshape(fold(x), [1, height, width, n * channels]) as tf.Tensor4D;
  const kernel = tf.reshape(fold(dy), [height, width, n * channels, 1]) as tf.Tensor4D;
  const pad: [number, number] = [(size - 1) / 2, (size - 1) / 2];
  // A single number would be taken for a square kernel.
  const each = tf.depthwiseConv2d(images, kernel, 1, [[0, 0], pad, pad, [0, 0]]);
  const sums = tf.sum(tf.reshape(each, [size * size, n, channels]), 1);
  return tf.reshape(sums, [size, size, channels, 1]);
}
