/** The annealed activation on the wasm heap, for tensors of four values at least. */
import type * as tf from '@tensorflow/tfjs-core';
import { heapKernel, type Heap } from './heap.ts';

/** Quarters (four values) of one part. */
const GRAIN = 16_384;

/** Writes the activation of x to y, which may be x itself. */
export function activate(heap: Heap, x: tf.TensorInfo, y: tf.TensorInfo, slope: number): void {
  const length = heap.length(x);
  heap.run('leaky', Math.ceil(length / 4), GRAIN, heap.pointer(x), heap.pointer(y), slope, length);
}

/** x; slope → x where it is positive, slope·x elsewhere. */
export const leaky = heapKernel('Leaky', (heap, [x], [slope]) => {
  const y = heap.allocate(x!.shape);
  activate(heap, x!, y, slope!);
  return [y];
});

/** dy, and x or what became of it; slope → dy where x is positive, slope·dy elsewhere. */
export const leakyGradient = heapKernel('LeakyGradient', (heap, [dy, x], [slope]) => {
  const dx = heap.allocate(x!.shape);
  const length = heap.length(x!);
  const pointers = [dy!, x!, dx].map((info) => heap.pointer(info));
  heap.run('leakyGradient', Math.ceil(length / 4), GRAIN, ...pointers, slope!, length);
  return [dx];
});
