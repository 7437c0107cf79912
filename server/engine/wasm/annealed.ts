/** The annealed activation on the wasm heap, for tensors of four values at least. */
import type * as tf from '@tensorflow/tfjs-core';
import { heapKernel, type Heap } from './heap.ts';

/** Quarters (four values) of one part. */
const GRAIN = 16_384;

/** Writes the activation of x at λ to y, which may be x itself. */
export function activate(heap: Heap, x: tf.TensorInfo, y: tf.TensorInfo, lambda: number): void {
  const length = heap.length(x);
  heap.run('leaky', Math.ceil(length / 4), GRAIN, heap.pointer(x), heap.pointer(y), 1 - lambda, length);
}

/** x; λ → x where it is positive, (1 - λ)·x elsewhere. */
export const leaky = heapKernel(
  'Leaky',
  (heap, [x], [lambda]) => {
    const y = heap.allocate(x!.shape);
    activate(heap, x!, y, lambda!);
    return [y];
  },
  { annealed: true },
);

/** dy, and x or what became of it; λ → dy where x is positive, (1 - λ)·dy elsewhere. */
export const leakyGradient = heapKernel(
  'LeakyGradient',
  (heap, [dy, x], [lambda]) => {
    const dx = heap.allocate(x!.shape);
    const length = heap.length(x!);
    const pointers = [dy!, x!, dx].map((info) => heap.pointer(info));
    heap.run('leakyGradient', Math.ceil(length / 4), GRAIN, ...pointers, 1 - lambda!, length);
    return [dx];
  },
  { annealed: true },
);
