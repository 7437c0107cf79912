/** The stem's convolution: patches of the image laid out as rows, then one matrix product. */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './gradient.ts';

/** x [N,H,W,I], w [k,k,I,O], zero padding [before, after] of rows and columns → [N,h,w,O]. The image takes no
 * gradient: the stem is the first layer. */
export function patchConv(
  x: tf.Tensor4D,
  w: tf.Tensor4D,
  stride: number,
  padding: readonly [number, number],
): tf.Tensor4D {
  const [size, , inputs, outputs] = w.shape;
  return withGradient([w], (save, w: tf.Tensor4D) => {
    const patches = patchesOf(x, size, stride, padding);
    const [n, height, width, length] = patches.shape;
    const rows = tf.reshape(patches, [n * height * width, length]);
    save([rows]);
    const y = tf.matMul(rows, tf.reshape(w, [length, outputs]));
    return {
      value: tf.reshape(y, [n, height, width, outputs]) as tf.Tensor4D,
      gradient: (dy, [rows]) => {
        const dw = tf.matMul(
          tf.transpose(rows as tf.Tensor2D),
          tf.reshape(dy, [n * height * width, outputs]),
        );
        return [tf.reshape(dw, [size, size, inputs, outputs])];
      },
    };
  });
}

/** x [N,H,W,I] → [N,h,w,k·k·I], each pixel the patch under the kernel, ordered row, column, channel. Columns are
 * gathered first and rows then, which takes 2·k slices instead of k². */
export function patchesOf(
  x: tf.Tensor4D,
  size: number,
  stride: number,
  [before, after]: readonly [number, number],
): tf.Tensor4D {
  const padded =
    before + after === 0
      ? x
      : tf.pad4d(x, [
          [0, 0],
          [before, after],
          [before, after],
          [0, 0],
        ]);
  return gatherAlong(1, gatherAlong(2, padded, size, stride), size, stride);
}

/** Every `stride`-th window of `size` neighbours along an axis, its members side by side in the channels. */
function gatherAlong(axis: 1 | 2, x: tf.Tensor4D, size: number, stride: number): tf.Tensor4D {
  const windows = Math.floor((x.shape[axis] - size) / stride) + 1;
  const members = Array.from({ length: size }, (_, offset) => {
    const begin = [0, 0, 0, 0];
    const end = [...x.shape];
    const strides = [1, 1, 1, 1];
    begin[axis] = offset;
    end[axis] = offset + (windows - 1) * stride + 1;
    strides[axis] = stride;
    return tf.stridedSlice(x, begin, end, strides) as tf.Tensor4D;
  });
  return tf.concat(members, 3);
}
