/** 1×1 convolution as one matrix product. Transposes in the gradient are explicit, because backends have fast kernels
 * for plain products only (wasm). */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './gradient.ts';

/** x [N,H,W,I], w [1,1,I,O] → [N,H,W,O]. */
export function conv1x1(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  const [n, height, width, inputs] = x.shape;
  const outputs = w.shape[3];
  const pixels = n * height * width;
  return withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
    save([x, w]);
    const y = tf.matMul(tf.reshape(x, [pixels, inputs]), tf.reshape(w, [inputs, outputs]));
    return {
      value: tf.reshape(y, [n, height, width, outputs]),
      gradient: (dy, [x, w]) => {
        const dy2d = tf.reshape(dy, [pixels, outputs]);
        const dx = tf.matMul(dy2d, tf.transpose(tf.reshape(w!, [inputs, outputs])));
        const dw = tf.matMul(tf.transpose(tf.reshape(x!, [pixels, inputs])), dy2d);
        return [tf.reshape(dx, x!.shape), tf.reshape(dw, w!.shape)];
      },
    };
  });
}
