/** Slices, splits and clones of tfjs's wasm backend without its detours: it copies the whole input out of the heap for
 * every slice, a hundred times the weights for each optimizer step, and copies where other backends count references. */
import * as tf from '@tensorflow/tfjs-core';
import { Heap } from './heap.ts';

type Kernel = (args: { inputs: tf.NamedTensorInfoMap; attrs: tf.NamedAttrMap; backend: unknown }) => unknown;

/** Puts `fast` in place of a kernel of the backend; where it gives undefined, the original runs. */
function replaceKernel(name: string, fast: Kernel): void {
  const original = tf.getKernel(name, 'wasm');
  tf.unregisterKernel(name, 'wasm');
  tf.registerKernel({
    ...original,
    kernelFunc: (args) => (fast(args as Parameters<Kernel>[0]) ?? original.kernelFunc(args)) as tf.TensorInfo,
  });
}

/** `size` values from place `from` on. */
function stretch(heap: Heap, x: tf.TensorInfo, from: number, shape: readonly number[]): tf.TensorInfo {
  const output = heap.allocate(shape);
  const length = shape.reduce((a, b) => a * b, 1);
  heap.view(output).set(heap.view(x).subarray(from, from + length));
  return output;
}

/** Slice and SplitV of float32 tensors where the values lie in one stretch, and Identity. */
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
}
