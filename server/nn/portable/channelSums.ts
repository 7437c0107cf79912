/** Sums over everything but channels. */
import * as tf from '@tensorflow/tfjs-core';

/** x [N, H, W, C] → [C]. Two products with a row of ones, first over images and then over places: sums over the
 * outer axes of a channels-last tensor would otherwise be transposed first, and one long float32 sum loses digits. */
export function channelSums(x: tf.Tensor4D): tf.Tensor1D {
  const [n, h, w, c] = x.shape;
  return tf.tidy(() => {
    const places = tf.matMul(tf.ones([1, n]), tf.reshape(x, [n, h * w * c]));
    return tf.reshape(tf.matMul(tf.ones([1, h * w]), tf.reshape(places, [h * w, c])), [c]);
  });
}
