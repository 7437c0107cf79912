/** Products with a transposed factor, which XNNPACK does not serve. */
import * as tf from '@tensorflow/tfjs-core';
import { heapKernel } from './heap.ts';

/** Rows after which the sums go to memory: few enough for the cache, and for the digits of float32 sums. */
const TILE = 256;

const outer = heapKernel('Outer', (heap, [xInfo, dyInfo]) => {
  const [rows, inputs] = xInfo!.shape as [number, number];
  const outputs = dyInfo!.shape[1]!;
  const output = heap.allocate([inputs, outputs]);
  heap.view(output).fill(0);
  const [x, dy, dw] = [heap.pointer(xInfo!), heap.pointer(dyInfo!), heap.pointer(output)];
  const [xLine, line] = [4 * inputs, 4 * outputs];
  for (let top = 0; top < rows; top += TILE)
    heap.kernels.outer!(x + top * xLine, dy + top * line, dw, Math.min(TILE, rows - top), xLine, line);
  return [output];
});

/** xᵀ·dy of x [P,I] and dy [P,O] → [I,O]. */
export function transposedProduct(x: tf.Tensor2D, dy: tf.Tensor2D): tf.Tensor2D {
  return x.shape[1] % 4 === 0 && dy.shape[1] % 8 === 0
    ? (outer([x, dy])[0] as tf.Tensor2D)
    : tf.matMul(tf.transpose(x), dy);
}
