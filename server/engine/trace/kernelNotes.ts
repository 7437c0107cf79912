/** Kernels of a backend of tfjs's noted while tfjs runs them. Tensors are told by their data, whatever shape they are
 * given. */
import * as tf from '@tensorflow/tfjs-core';
import type { NotedOp, Notes } from './trace.ts';

/** A kernel's run that can be repeated. */
export interface KernelRun {
  run: tf.KernelFunc;
  attrs: tf.NamedAttrMap;
  /** As the kernel takes them: by name, or as a list. */
  inputs: tf.NamedTensorInfoMap;
  /** All that `inputs` holds; their data may be set anew. */
  taken: tf.TensorInfo[];
  /** The same attributes at another λ; null where the kernel is no annealed activation, or not at a λ between 0 and 1. */
  annealed: ((lambda: number) => tf.NamedAttrMap) | null;
}

/** A kernel's attributes at another λ; null where it is no annealed activation, or not at a λ between 0 and 1. */
export type Annealing = (
  kernel: string,
  attrs: tf.NamedAttrMap,
) => ((lambda: number) => tf.NamedAttrMap) | null;

type RunKernel = ReturnType<typeof tf.engine>['runKernel'];

export class KernelNotes implements Notes<KernelRun, tf.DataId> {
  readonly #backend: string;
  readonly #annealing: Annealing;
  readonly ops: NotedOp<KernelRun, tf.DataId>[] = [];
  /** Values that were uploaded, by whose data they were; they are held here a second time, which outlives that. */
  readonly #constants = new Map<tf.DataId, tf.DataId>();

  /** `backend` is its name. */
  constructor(backend: string, annealing: Annealing) {
    this.#backend = backend;
    this.#annealing = annealing;
  }

  during<Result>(work: () => Result): Result {
    const engine = tf.engine();
    const { runKernel, makeTensor } = engine;
    const noting: RunKernel = (name, inputs, attrs) => {
      const made = runKernel.call(engine, name, inputs, attrs) as tf.Tensor | tf.Tensor[];
      this.#note(name, { inputs, attrs: attrs ?? {} }, [made].flat());
      return made as never;
    };
    engine.runKernel = noting;
    engine.makeTensor = (values, shape, dtype, backend) => {
      const tensor = makeTensor.call(engine, values, shape, dtype, backend);
      this.#constants.set(
        tensor.dataId,
        tf.backend().write(values as tf.backend_util.BackendValues, shape, dtype),
      );
      return tensor;
    };
    try {
      return work();
    } finally {
      Object.assign(engine, { runKernel, makeTensor });
    }
  }

  #note(
    name: string,
    { inputs, attrs }: { inputs: tf.NamedTensorMap; attrs: tf.NamedAttrMap },
    made: readonly tf.Tensor[],
  ): void {
    const ids = Object.values(inputs).map(({ dataId }) => dataId);
    const outputs = made.map(({ dataId }) => dataId);
    // Another shape of the same data: whoever takes it is noted with that shape.
    if (outputs.every((id) => ids.includes(id))) return;
    const taken: tf.TensorInfo[] = [];
    const infoOf = ({ dataId, shape, dtype }: tf.Tensor): tf.TensorInfo => {
      const info = { dataId, shape, dtype };
      taken.push(info);
      return info;
    };
    const given = Array.isArray(inputs)
      ? (inputs as tf.Tensor[]).map(infoOf)
      : Object.fromEntries(Object.entries(inputs).map(([key, tensor]) => [key, infoOf(tensor)]));
    const { kernelFunc: run } = tf.getKernel(name, this.#backend);
    const op = {
      ...{ run, attrs, taken, annealed: this.#annealing(name, attrs) },
      inputs: given as tf.NamedTensorInfoMap,
    };
    this.ops.push({ op, inputs: ids.map((id) => this.#constants.get(id) ?? id), outputs });
  }

  isConstant(id: tf.DataId): boolean {
    return [...this.#constants.values()].includes(id);
  }

  drop(): void {
    for (const id of this.#constants.values()) tf.backend().disposeData(id);
    this.#constants.clear();
  }
}
