/** Sums over everything but channels. */
import * as tf from '@tensorflow/tfjs-core';

/** x [N, H, W, C] → [C]. Average pooling over the places of each image, then a product with a row of ones over the
 * images: a plain sum over the outer axes would transpose the tensor first, a product over all of it would have wasm
 * pack it (and keep the packing under the tensor's address, whatever its shape is the next time), and one long
 * float32 sum loses digits that two short ones keep. */
export function channelSums(x: tf.Tensor4D): tf.Tensor1D {
  const [n, h, w, c] = x.shape;
  return tf.tidy(() => {
    const means = h * w === 1 ? x : tf.avgPool(x, [h, w], 1, 'valid');
    // A multiple of the means, so that the product's right side is never a tensor that something else multiplies.
    const sums = tf.mul(tf.reshape(means, [n, c]), h * w);
    return tf.reshape(tf.matMul(tf.ones([1, n]), sums), [c]);
  });
}
