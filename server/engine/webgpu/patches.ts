/** Patches of the image laid out as rows. */
import type * as tf from '@tensorflow/tfjs-core';
import { flatKernel } from './kernel.ts';

const gather = flatKernel({
  name: 'patches',
  inputs: ['x'],
  outputs: ['y'],
  params: {
    height: 'u32',
    width: 'u32',
    channels: 'u32',
    rows: 'u32',
    columns: 'u32',
    size: 'u32',
    stride: 'u32',
    before: 'u32',
  },
  body: `
  let c = i % p.channels;
  let b = (i / p.channels) % p.size;
  let a = (i / (p.channels * p.size)) % p.size;
  let pixel = i / (p.channels * p.size * p.size);
  let z = (pixel % p.columns) * p.stride + b;
  let v = (pixel / p.columns % p.rows) * p.stride + a;
  let image = pixel / (p.columns * p.rows);
  let inside = z >= p.before && z < p.before + p.width && v >= p.before && v < p.before + p.height;
  // An index outside is clamped by the device: what stands there is not taken.
  let at = ((image * p.height + v - p.before) * p.width + z - p.before) * p.channels + c;
  y[i] = select(0.0, x[at], inside);`,
});

/** x [N,H,W,I] → [N,h,w,k·k·I], each pixel the patch under a k×k kernel, ordered row, column, channel. */
export function patches(
  x: tf.Tensor4D,
  size: number,
  stride: number,
  [before, after]: readonly [number, number],
): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  const places = (side: number): number => Math.floor((side + before + after - size) / stride) + 1;
  const [rows, columns] = [places(height), places(width)];
  const shape = { height, width, channels, rows, columns, size, stride, before };
  return gather([x], [[n, rows, columns, size * size * channels]], shape)[0] as tf.Tensor4D;
}
