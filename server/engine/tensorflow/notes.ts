/** Ops of TensorFlow noted while they are issued. Tensors are the addon's ids. */
import type { Notes as NotesOf, NotedOp } from '../trace/trace.ts';
import type * as tf from '@tensorflow/tfjs-core';
import type { OpAttribute } from './attributes.ts';
import { backend, lastingType, type Binding } from './execute.ts';

/** An op as the addon takes it. */
export interface IssuedOp {
  op: string;
  attributes: OpAttribute[];
  /** Which of them is the slope of an annealed activation; -1 where none is. */
  slopeAt: number;
  /** Whether it takes that slope after its inputs. */
  takesSlope: boolean;
  /** How many outputs it has. */
  count: number;
  /** TensorFlow's types of what it takes and gives; undefined where that isn't known. */
  types: { inputs: readonly (number | undefined)[]; outputs: readonly number[] };
}

export class Notes implements NotesOf<IssuedOp, number> {
  readonly ops: NotedOp<IssuedOp, number>[] = [];
  /** Values that were uploaded and whose holder has not given them up. */
  readonly #held = new Set<number>();
  /** Values that were uploaded and given up again: they are kept here, until `drop`. */
  readonly #kept = new Set<number>();
  readonly #types = new Map<number, number>();

  /** `tensors` are all that there are before. */
  constructor(tensors: readonly tf.Tensor[]) {
    const { binding } = backend();
    const types: Record<string, number> = {
      float32: binding.TF_FLOAT!,
      int32: binding.TF_INT32!,
      bool: binding.TF_BOOL!,
    };
    const ids = backend().getInputTensorIds([...tensors]);
    tensors.forEach(({ dtype }, i) => this.#types.set(ids[i]!, types[dtype]!));
  }

  during<Result>(work: () => Result): Result {
    const engine = backend();
    const real = engine.binding;
    engine.binding = this.#binding(real);
    try {
      return work();
    } finally {
      engine.binding = real;
    }
  }

  isConstant(id: number): boolean {
    return this.#kept.has(id) || lastingType(id) !== undefined;
  }

  drop(): void {
    for (const id of this.#kept) backend().binding.deleteTensor(id);
    this.#kept.clear();
  }

  /** The addon as the work sees it. */
  #binding(real: Binding): Binding {
    const noting: Pick<Binding, 'executeOp' | 'createTensor' | 'deleteTensor'> = {
      executeOp: (op, attributes, inputs, count) => {
        const made = real.executeOp(op, attributes, inputs, count);
        const slopeAt = attributes.findIndex(({ slope }) => slope);
        for (const { id, dtype } of made) this.#types.set(id, dtype);
        const types = {
          inputs: inputs.map((id) => this.#types.get(id) ?? lastingType(id)),
          outputs: made.map(({ dtype }) => dtype),
        };
        this.ops.push({
          op: { op, attributes, slopeAt, takesSlope: false, count, types },
          inputs: [...inputs],
          outputs: made.map(({ id }) => id),
        });
        return made;
      },
      createTensor: (shape, dtype, values) => {
        const id = real.createTensor(shape, dtype, values);
        this.#held.add(id);
        this.#types.set(id, dtype);
        return id;
      },
      deleteTensor: (id) => {
        if (this.#held.delete(id)) this.#kept.add(id);
        else real.deleteTensor(id);
      },
    };
    return Object.create(real, Object.getOwnPropertyDescriptors(noting)) as Binding;
  }
}
