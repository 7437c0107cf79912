/** Max-pooling without overlap. */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './gradient.ts';

/** Window and stride `size`, a remainder of rows or columns is dropped. Where several places of a window share the
 * maximum the first one, in reading order, takes the whole gradient, as in PyTorch: on flat backgrounds ties are the
 * rule, not the exception. */
export function maxPool(x: tf.Tensor4D, size: number): tf.Tensor4D {
  return withGradient([x], (save, x: tf.Tensor4D) => {
    const y = tf.maxPool(x, size, size, 'valid');
    save([x, y]);
    return {
      value: y,
      gradient: (dy: tf.Tensor4D, saved) => {
        const [x, y] = saved as [tf.Tensor4D, tf.Tensor4D];
        return [inputGradient(x, y, dy, size)];
      },
    };
  });
}

function inputGradient(x: tf.Tensor4D, y: tf.Tensor4D, dy: tf.Tensor4D, size: number): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  const [, rows, columns] = y.shape;
  const covered = tf.slice4d(x, [0, 0, 0, 0], [n, rows * size, columns * size, channels]);
  // Row r, column s of all windows is then one slice: [N·rows, size, columns, size·C].
  const windows = tf.reshape(covered, [n * rows, size, columns, size * channels]) as tf.Tensor4D;
  const shape: [number, number, number, number] = [n * rows, 1, columns, channels];
  const maximum = tf.reshape(y, shape);
  const none = tf.zeros(shape);
  let rest = tf.reshape(dy, shape) as tf.Tensor;
  const lines: tf.Tensor[] = [];
  for (let row = 0; row < size; row++) {
    const line: tf.Tensor[] = [];
    for (let column = 0; column < size; column++) {
      const place = tf.slice4d(windows, [0, row, 0, column * channels], shape);
      const taken = tf.where(tf.equal(place, maximum), rest, none);
      rest = tf.sub(rest, taken);
      line.push(taken);
    }
    lines.push(tf.concat(line, 3));
  }
  const dx = tf.reshape(tf.concat(lines, 1), covered.shape) as tf.Tensor4D;
  return tf.pad4d(dx, [
    [0, 0],
    [0, height - rows * size],
    [0, width - columns * size],
    [0, 0],
  ]);
}
