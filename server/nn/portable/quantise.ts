/** One recorded activation, measured and quantised on the device. */
import * as tf from '@tensorflow/tfjs-core';

/** Ranges below this are taken as it: no division by zero, and nothing visible is lost. */
export const SMALLEST_RANGE = 1e-30;

/** x [P,H,W,C]; see Ops.quantise. */
export function quantise(x: tf.Tensor4D): tf.Tensor1D {
  const [probes, height, width, channels] = x.shape;
  return tf.tidy(() => {
    const planes = tf.transpose(tf.reshape(x, [probes, height * width, channels]), [0, 2, 1]);
    const minimum = tf.min(tf.min(planes, 2), 0);
    const maximum = tf.max(tf.max(planes, 2), 0);
    const sum = tf.sum(tf.sum(planes, 2), 0);
    const scale = tf.div(255, tf.maximum(tf.sub(maximum, minimum), SMALLEST_RANGE));
    const byChannel = (v: tf.Tensor): tf.Tensor => tf.reshape(v, [1, channels, 1]);
    const levels = tf.round(tf.mul(tf.sub(planes, byChannel(minimum)), byChannel(scale)));
    return tf.concat1d([minimum, maximum, sum, tf.reshape(levels, [-1])] as tf.Tensor1D[]);
  });
}
