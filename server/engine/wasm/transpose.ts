/** Transposition on the wasm heap. */
import * as tf from '@tensorflow/tfjs-core';
import { heapKernel } from './heap.ts';

const kernel = heapKernel('Transpose', (heap, [info]) => {
  const [rows, columns] = info!.shape as [number, number];
  const output = heap.allocate([columns, rows]);
  heap.kernels.transpose!(heap.pointer(info!), heap.pointer(output), rows, columns);
  return [output];
});

/** x [R,C] → [C,R]; tfjs's own kernel takes sides that are no multiples of four. */
export function transpose(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, columns] = x.shape;
  return rows % 4 === 0 && columns % 4 === 0 ? (kernel([x])[0] as tf.Tensor2D) : tf.transpose(x);
}
