/** Slices, splits, repetitions and clones of tfjs's wasm backend without its detours: it copies the whole input out of
 * the heap for every slice, a hundred times the weights for each optimizer step, repeats value by value, and copies where
 * other backends count references. */
import * as tf from '@tensorflow/tfjs-core';
import { Heap, heapKernel } from './heap.ts';
import { replaceKernel } from './replaceKernel.ts';

/** `size` values from place `from` on. */
function stretch(heap: Heap, x: tf.TensorInfo, from: number, shape: readonly number[]): tf.TensorInfo {
  const output = heap.allocate(shape);
  const length = shape.reduce((a, b) => a * b, 1);
  heap.view(output).set(heap.view(x).subarray(from, from + length));
  return output;
}

/** See Ops.joined. */
export const joined = heapKernel('Joined', (heap, parts) => {
  const output = heap.allocate([parts.reduce((total, part) => total + heap.length(part), 0)]);
  const to = heap.view(output);
  let at = 0;
  for (const part of parts) {
    to.set(heap.view(part), at);
    at += heap.length(part);
  }
  return [output];
});

/** Where only one stretch of `inner` values at a time is repeated, or nothing is: how often. */
function repetition(
  shape: readonly number[],
  reps: readonly number[],
): { times: number; inner: number } | null {
  const repeated = [...reps.keys()].filter((axis) => reps[axis]! !== 1);
  const [first, last] = [repeated[0] ?? 0, repeated.at(-1) ?? 0];
  if (shape.slice(first, last).some((side) => side !== 1)) return null;
  const product = (sides: readonly number[]): number => sides.reduce((a, b) => a * b, 1);
  return { times: product(reps), inner: product(shape.slice(last)) };
}

/** Slice and SplitV of float32 tensors where the values lie in one stretch, Tile where stretches are repeated, and
 * Identity. */
export function replaceCopies(): void {
  replaceKernel('Identity', ({ inputs, backend }) => {
    const { dataId, shape, dtype } = inputs.x!;
    (backend as tf.KernelBackend).incRef(dataId);
    return { dataId, shape, dtype };
  });
  replaceKernel('Slice', ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const [begin, size] = tf.slice_util.parseSliceParams(
      x as tf.Tensor,
      attrs.begin as number[],
      attrs.size as number[],
    );
    if (x.dtype !== 'float32' || !tf.slice_util.isSliceContinous(x.shape, begin!, size!)) return undefined;
    const from = tf.slice_util.computeFlatOffset(begin!, tf.util.computeStrides(x.shape));
    return stretch(new Heap(backend as tf.KernelBackend), x, from, size!);
  });
  replaceKernel('SplitV', ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!;
    if (x.dtype !== 'float32' || axis !== 0) return undefined;
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits as number[], 0);
    const row = x.shape.slice(1).reduce((a, b) => a * b, 1);
    const heap = new Heap(backend as tf.KernelBackend);
    let from = 0;
    return sizes.map((rows) => {
      const part = stretch(heap, x, from, [rows, ...x.shape.slice(1)]);
      from += rows * row;
      return part;
    });
  });
  replaceKernel('Tile', ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const reps = attrs.reps as number[];
    const plan = repetition(x.shape, reps);
    if (x.dtype !== 'float32' || !plan) return undefined;
    const heap = new Heap(backend as tf.KernelBackend);
    const output = heap.allocate(x.shape.map((side, i) => side * reps[i]!));
    const [from, to] = [heap.view(x), heap.view(output)];
    const { times, inner } = plan;
    for (let at = 0, end = 0; at < from.length; at += inner)
      for (let i = 0; i < times; i++, end += inner) to.set(from.subarray(at, at + inner), end);
    return output;
  });
}
