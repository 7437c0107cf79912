/** Ops noted while they are issued. */
import type { OpAttribute } from './attributes.ts';
import { backend, isLasting, type Binding } from './execute.ts';

/** An op with the addon's ids of its tensors. */
export interface NotedOp {
  op: string;
  attributes: OpAttribute[];
  inputs: readonly number[];
  outputs: readonly number[];
}

export class Notes {
  readonly ops: NotedOp[] = [];
  /** Values that were uploaded and whose holder has not given them up. */
  readonly #held = new Set<number>();
  /** Values that were uploaded and given up again: they are kept here, until `drop`. */
  readonly #kept = new Set<number>();

  /** Notes what `work` issues. */
  during<Result>(work: () => Result): Result {
    const engine = backend();
    const real = engine.binding;
    engine.binding = this.#binding(real);
    try {
      return work();
    } catch (error) {
      this.drop();
      throw error;
    } finally {
      engine.binding = real;
    }
  }

  /** Whether a tensor is one of values that are the same for as long as these notes are kept. */
  isConstant(id: number): boolean {
    return this.#kept.has(id) || isLasting(id);
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
        this.ops.push({ op, attributes, inputs: [...inputs], outputs: made.map(({ id }) => id) });
        return made;
      },
      createTensor: (shape, dtype, values) => {
        const id = real.createTensor(shape, dtype, values);
        this.#held.add(id);
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
