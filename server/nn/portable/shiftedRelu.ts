/** The paper's series activation before its convolution form (section 3.2, eq. 5). */
import * as tf from '@tensorflow/tfjs-core';
import { channelSums } from './channelSums.ts';
import { withGradient } from './gradient.ts';

/** Σᵢ aᵢ·ReLU(x + bᵢ) for each channel: x [N,H,W,C], scales a and shifts b [n, C] → [N,H,W,C]. */
export function shiftedRelu(x: tf.Tensor4D, scales: tf.Tensor2D, shifts: tf.Tensor2D): tf.Tensor4D {
  const [terms, channels] = scales.shape;
  const row = (t: tf.Tensor, i: number): tf.Tensor1D =>
    tf.reshape(tf.slice2d(t as tf.Tensor2D, [i, 0], [1, channels]), [channels]);
  return withGradient(
    [x, scales, shifts],
    (save, x: tf.Tensor4D, scales: tf.Tensor2D, shifts: tf.Tensor2D) => {
      save([x, scales, shifts]);
      let y: tf.Tensor4D | null = null;
      for (let i = 0; i < terms; i++) {
        const term = tf.mul(tf.relu(tf.add(x, row(shifts, i))), row(scales, i)) as tf.Tensor4D;
        y = y ? tf.add(y, term) : term;
      }
      return {
        value: y!,
        gradient: (dy, [x, scales, shifts]) => {
          let dx: tf.Tensor = tf.zeros(x!.shape);
          const dScales: tf.Tensor1D[] = [];
          const dShifts: tf.Tensor1D[] = [];
          for (let i = 0; i < terms; i++) {
            const shifted = tf.add(x!, row(shifts!, i));
            const open = tf.mul(dy, tf.step(shifted)) as tf.Tensor4D;
            dx = tf.add(dx, tf.mul(open, row(scales!, i)));
            dScales.push(channelSums(tf.mul(open, shifted) as tf.Tensor4D));
            dShifts.push(tf.mul(channelSums(open), row(scales!, i)));
          }
          return [dx, tf.stack(dScales), tf.stack(dShifts)];
        },
      };
    },
  );
}
