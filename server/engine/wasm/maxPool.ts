/** Max-pooling and its gradient on the wasm heap, channels in fours. */
import type * as tf from '@tensorflow/tfjs-core';
import { heapKernel } from './heap.ts';

/** Values of one part, about. */
const GRAIN = 65_536;

/** Units of work (rows of windows), units of a part, and what both kernels ask of the shapes. */
function plan(x: tf.TensorInfo, size: number): [units: number, grain: number, sizes: number[]] {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const [rows, columns] = [Math.floor(height / size), Math.floor(width / size)];
  const grain = Math.ceil(GRAIN / (size * width * channels));
  return [n * rows, grain, [rows, columns, size, height, width, 4 * channels]];
}

/** x [N,H,W,C]; size → y [N,h,w,C]. */
export const maximum = heapKernel('MaxPool', (heap, [x], [size]) => {
  const [n, height, width, channels] = x!.shape as [number, number, number, number];
  const y = heap.allocate([n, Math.floor(height / size!), Math.floor(width / size!), channels]);
  const [units, grain, sizes] = plan(x!, size!);
  heap.run('pool', units, grain, heap.pointer(x!), heap.pointer(y), ...sizes);
  return [y];
});

/** dy [N,h,w,C], x [N,H,W,C], y [N,h,w,C]; size → dx: the first place of each window, in reading order, that holds
 * the maximum takes the whole gradient, as in PyTorch. */
export const maxPoolGradient = heapKernel('MaxPoolGradient', (heap, [dy, x, y], [size]) => {
  const [, height, width] = x!.shape as [number, number, number, number];
  const dx = heap.allocate(x!.shape);
  // Where the windows leave a remainder, nobody else writes it.
  if (height % size! > 0 || width % size! > 0) heap.view(dx).fill(0);
  const [units, grain, sizes] = plan(x!, size!);
  const pointers = [dy!, x!, y!, dx].map((info) => heap.pointer(info));
  heap.run('poolGradient', units, grain, ...pointers, ...sizes);
  return [dx];
});
