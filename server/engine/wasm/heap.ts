/** Kernels of our own for tfjs's wasm backend: the functions in wat/, assembled at start, work on its memory. */
import * as tf from '@tensorflow/tfjs-core';
import { setFlagsFromString } from 'node:v8';
import { assembleKernels } from './assemble.ts';
import type { Annealing } from '../trace/kernelNotes.ts';
import type { Threads } from './threads.ts';

/** The part of tfjs's wasm backend that is used here. */
interface WasmBackend extends tf.KernelBackend {
  makeOutput(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array;
  getMemoryOffset(dataId: tf.DataId): number;
  disposeData(dataId: tf.DataId): boolean;
  wasm: { asm: { memory: WebAssembly.Memory } };
}

/** Quarters (four values) of one part, where parts of sums are added. */
const SUMMED = 4096;

let threads: Threads | undefined;

/** Fused multiplication and addition: by default from V8 11.4 on (Node 22), in Node 20 behind a flag. */
function allowFused(): void {
  const [major] = process.versions.node.split('.');
  if (major === '20') setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/** Puts the kernels onto the memory of the current backend, which must be wasm. `helpers` are ended where the memory
 * can't be shared. */
export async function loadKernels(helpers: Threads): Promise<void> {
  allowFused();
  const { memory } = (tf.backend() as WasmBackend).wasm.asm;
  const shared = memory.buffer instanceof SharedArrayBuffer;
  if (!shared) await helpers.end();
  const code = await assembleKernels({ shared, fused: true });
  const module = WebAssembly.validate(code) ? code : await assembleKernels({ shared, fused: false });
  await helpers.load(await WebAssembly.compile(module), memory);
  threads = helpers;
}

/** The backend's memory during one kernel. */
export class Heap {
  readonly #backend: WasmBackend;
  readonly #scratch: tf.TensorInfo[] = [];

  constructor(backend: tf.KernelBackend) {
    this.#backend = backend as WasmBackend;
  }

  /** A float32 output, not filled. Allocating may move the memory: views are taken afterwards. */
  allocate(shape: readonly number[]): tf.TensorInfo {
    return this.#backend.makeOutput(shape, 'float32');
  }

  /** Memory that is given back when the kernel ends. */
  scratch(floats: number): tf.TensorInfo {
    const info = this.allocate([floats]);
    this.#scratch.push(info);
    return info;
  }

  view(info: tf.TensorInfo): Float32Array {
    return this.#backend.typedArrayFromHeap(info);
  }

  /** Number of values. */
  length({ shape }: tf.TensorInfo): number {
    return shape.reduce((product, side) => product * side, 1);
  }

  /** Where a tensor begins, in bytes. */
  pointer(info: tf.TensorInfo): number {
    return this.#backend.getMemoryOffset(info.dataId);
  }

  /** Runs a kernel on all threads; see Threads.run. */
  run(name: string, units: number, grain: number, ...args: number[]): void {
    threads!.run(name, units, grain, ...args);
  }

  /** Room for `output` in each of `parts` parts, and what adds them up, in their order. A single part is the output. */
  sums(output: tf.TensorInfo, parts: number): { each: tf.TensorInfo; add: () => void } {
    if (parts === 1) return { each: output, add: () => undefined };
    const length = this.length(output);
    const each = this.scratch(parts * length);
    const pointers = [this.pointer(each), this.pointer(output)];
    const add = (): void =>
      this.run('addParts', Math.ceil(length / 4), SUMMED, ...pointers, parts, 4 * length, length);
    return { each, add };
  }

  release(): void {
    for (const { dataId } of this.#scratch) this.#backend.disposeData(dataId);
  }
}

type Body = (heap: Heap, inputs: tf.TensorInfo[], numbers: readonly number[]) => tf.TensorInfo[];

/** Attributes of the kernels of `heapKernel`. */
type Attributes = { numbers: number[]; annealed: boolean };

/** Registers a kernel of the wasm backend and gives what calls it: tensors and numbers in, float32 tensors out. Where it
 * is `annealed`, the first number is λ. */
export function heapKernel(
  name: string,
  body: Body,
  { annealed } = { annealed: false },
): (inputs: tf.Tensor[], ...numbers: number[]) => tf.Tensor[] {
  const kernelName = `Scope${name}`;
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const heap = new Heap(backend as tf.KernelBackend);
      try {
        return body(heap, Object.values(inputs) as tf.TensorInfo[], (attrs as Attributes).numbers);
      } finally {
        heap.release();
      }
    },
  });
  return (inputs, ...numbers) => {
    const named = Object.fromEntries(inputs.map((tensor, i) => [`input${i}`, tensor]));
    return tf.engine().runKernel<tf.Tensor[]>(kernelName, named, { numbers, annealed } satisfies Attributes);
  };
}

export const annealing: Annealing = (name, attrs) => {
  // The portable activation's, and its gradient's where the slope is not 0.
  if (name === 'LeakyRelu' || (name === 'Step' && attrs.alpha !== 0))
    return (lambda) => ({ ...attrs, alpha: 1 - lambda });
  const { annealed, numbers } = attrs as Partial<Attributes>;
  if (!annealed || !numbers || numbers[0] === 0 || numbers[0] === 1) return null;
  return (lambda) => ({ ...attrs, numbers: numbers.with(0, lambda) });
};
