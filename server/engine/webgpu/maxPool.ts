/** Max-pooling without overlap. */
import type * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../../nn/portable/gradient.ts';
import { flatKernel, specialised } from './kernel.ts';

/** Sides of the input and of the output. */
const SHAPE = { height: 'u32', width: 'u32', rows: 'u32', columns: 'u32', channels: 'u32' } as const;

const maximum = specialised((size: number) =>
  flatKernel({
    name: `maxPool/${size}`,
    inputs: ['x'],
    outputs: ['y'],
    params: SHAPE,
    body: `
  let c = i % p.channels;
  let column = (i / p.channels) % p.columns;
  let row = (i / (p.channels * p.columns)) % p.rows;
  let image = i / (p.channels * p.columns * p.rows);
  let corner = ((image * p.height + row * ${size}u) * p.width + column * ${size}u) * p.channels + c;
  var most = x[corner];
  for (var a = 0u; a < ${size}u; a++) {
    for (var b = 0u; b < ${size}u; b++) { most = max(most, x[corner + (a * p.width + b) * p.channels]); }
  }
  y[i] = most;`,
  }),
);

/** Computed for each value of the input: whether an earlier one of its window is as large. */
const inputGradient = specialised((size: number) =>
  flatKernel({
    name: `maxPoolGradient/${size}`,
    inputs: ['dy', 'x', 'y'],
    outputs: ['dx'],
    params: SHAPE,
    body: `
  let c = i % p.channels;
  let z = (i / p.channels) % p.width;
  let v = (i / (p.channels * p.width)) % p.height;
  let image = i / (p.channels * p.width * p.height);
  let row = v / ${size}u;
  let column = z / ${size}u;
  if (row >= p.rows || column >= p.columns) { dx[i] = 0.0; return; }
  let window = ((image * p.rows + row) * p.columns + column) * p.channels + c;
  let most = y[window];
  let corner = ((image * p.height + row * ${size}u) * p.width + column * ${size}u) * p.channels + c;
  let place = (v % ${size}u) * ${size}u + z % ${size}u;
  var first = x[i] == most;
  for (var k = 0u; k < place; k++) {
    first = first && x[corner + (k / ${size}u * p.width + k % ${size}u) * p.channels] != most;
  }
  dx[i] = select(0.0, dy[window], first);`,
  }),
);

/** See Ops.maxPool: of equal ones the first takes the gradient. */
export function maxPool(x: tf.Tensor4D, size: number): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  const [rows, columns] = [Math.floor(height / size), Math.floor(width / size)];
  const shape = { height, width, rows, columns, channels };
  return withGradient([x], (save, x: tf.Tensor4D) => {
    const y = maximum(size)([x], [[n, rows, columns, channels]], shape)[0] as tf.Tensor4D;
    save([x, y]);
    return {
      value: y,
      gradient: (dy: tf.Tensor4D, saved) => inputGradient(size)([dy, ...saved], [x.shape], shape),
    };
  });
}
