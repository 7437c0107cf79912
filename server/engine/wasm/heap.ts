/** Kernels of our own for tfjs's wasm backend: the functions in wat/, assembled at start, work on its memory. */
import * as tf from '@tensorflow/tfjs-core';
import { assembleKernels } from './assemble.ts';

/** The part of tfjs's wasm backend that is used here. */
interface WasmBackend extends tf.KernelBackend {
  makeOutput(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array;
  getMemoryOffset(dataId: tf.DataId): number;
  disposeData(dataId: tf.DataId): boolean;
  wasm: { asm: { memory: WebAssembly.Memory } };
}

/** Functions of wat/; all take pointers and numbers and return nothing. */
export type Kernels = Record<string, (...args: number[]) => void>;

let kernels: Kernels | undefined;

/** Assembles the kernels onto the memory of the current backend, which must be wasm. */
export async function loadKernels(): Promise<void> {
  const code = await assembleKernels({ shared: false, fused: false });
  const { memory } = (tf.backend() as WasmBackend).wasm.asm;
  const { instance } = await WebAssembly.instantiate(code, { env: { memory } });
  kernels = instance.exports as Kernels;
}

/** The backend's memory during one kernel. */
export class Heap {
  readonly #backend: WasmBackend;
  readonly #scratch: tf.TensorInfo[] = [];

  constructor(backend: tf.KernelBackend) {
    this.#backend = backend as WasmBackend;
  }

  get kernels(): Kernels {
    return kernels!;
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

  /** Where a tensor begins, in bytes. */
  pointer(info: tf.TensorInfo): number {
    return this.#backend.getMemoryOffset(info.dataId);
  }

  /** Runs a kernel over `units` of work, `grain` at a time: its last parameters are the first unit and the one after
   * the last. */
  run(name: string, units: number, grain: number, ...args: number[]): void {
    const kernel = kernels![name]!;
    for (let begin = 0; begin < units; begin += grain) kernel(...args, begin, Math.min(units, begin + grain));
  }

  release(): void {
    for (const { dataId } of this.#scratch) this.#backend.disposeData(dataId);
  }
}

type Body = (heap: Heap, inputs: tf.TensorInfo[], numbers: readonly number[]) => tf.TensorInfo[];

/** Registers a kernel of the wasm backend and gives what calls it: tensors and numbers in, float32 tensors out. */
export function heapKernel(
  name: string,
  body: Body,
): (inputs: tf.Tensor[], ...numbers: number[]) => tf.Tensor[] {
  const kernelName = `Scope${name}`;
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const heap = new Heap(backend as tf.KernelBackend);
      try {
        return body(heap, Object.values(inputs) as tf.TensorInfo[], attrs!.numbers as number[]);
      } finally {
        heap.release();
      }
    },
  });
  return (inputs, ...numbers) => {
    const named = Object.fromEntries(inputs.map((tensor, i) => [`input${i}`, tensor]));
    return tf.engine().runKernel<tf.Tensor[]>(kernelName, named, { numbers });
  };
}
