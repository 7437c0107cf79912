/** Kernels of our own for tfjs's wasm backend: kernels.wat, assembled at start, works on the backend's memory. */
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import openWabt from 'wabt';

/** The part of tfjs's wasm backend that is used here. */
interface WasmBackend extends tf.KernelBackend {
  makeOutput(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array;
  getMemoryOffset(dataId: tf.DataId): number;
  disposeData(dataId: tf.DataId): boolean;
  wasm: { asm: { memory: WebAssembly.Memory } };
}

/** Functions of kernels.wat; all take pointers and numbers and return nothing. */
export type Kernels = Record<string, (...args: number[]) => void>;

let kernels: Kernels | undefined;

/** Assembles kernels.wat onto the memory of the current backend, which must be wasm. */
export async function loadKernels(): Promise<void> {
  const path = new URL('./kernels.wat', import.meta.url);
  const features = { simd: true };
  const assembler = await openWabt();
  const text = assembler.parseWat(path.pathname, readFileSync(path, 'utf8'), features);
  const { buffer } = text.toBinary({});
  text.destroy();
  const { memory } = (tf.backend() as WasmBackend).wasm.asm;
  const { instance } = await WebAssembly.instantiate(buffer as BufferSource, { env: { memory } });
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
