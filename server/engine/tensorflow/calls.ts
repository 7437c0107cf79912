/** Ops as a list to be worked off, free of the tensors that they were noted with. */
import type { OpAttribute } from './attributes.ts';
import { backend } from './execute.ts';

/** An op; tensors are told by their places in a list of the addon's ids. */
export interface Call {
  op: string;
  attributes: OpAttribute[];
  inputs: readonly number[];
  outputs: readonly number[];
}

/** Calls in their order. */
export class Calls {
  readonly #calls: readonly (Call & { done: readonly number[] })[];

  /** Those of `calls` that the places `wanted` depend on; what else they make is freed once no call takes it any more. */
  constructor(calls: readonly Call[], wanted: readonly number[]) {
    const made = new Set(calls.flatMap(({ outputs }) => outputs));
    const later = new Set(wanted);
    const needed = [];
    for (const call of calls.toReversed()) {
      if (!call.outputs.some((place) => later.has(place))) continue;
      const touched = new Set([...call.outputs, ...call.inputs]);
      const done = [...touched].filter((place) => made.has(place) && !later.has(place));
      for (const place of call.inputs) later.add(place);
      needed.push({ ...call, done });
    }
    this.#calls = needed.reverse();
  }

  /** The places that they take and do not make. */
  get inputs(): number[] {
    const made = new Set(this.#calls.flatMap(({ outputs }) => outputs));
    return [...new Set(this.#calls.flatMap(({ inputs }) => inputs))].filter((place) => !made.has(place));
  }

  /** `ids` are the addon's at their places, those of what is made and kept are added; annealed activations are at
   * `lambda`, or where it is not given at that of the noting. */
  run(ids: number[], lambda?: number): void {
    const { binding } = backend();
    const alive = new Set<number>();
    try {
      for (const { op, attributes, inputs, outputs, done } of this.#calls) {
        const taken = inputs.map((place) => ids[place]!);
        const given = lambda === undefined ? attributes : annealed(attributes, lambda);
        const made = binding.executeOp(op, given, taken, outputs.length);
        outputs.forEach((place, i) => alive.add((ids[place] = made[i]!.id)));
        for (const place of done) {
          binding.deleteTensor(ids[place]!);
          alive.delete(ids[place]!);
        }
      }
    } catch (error) {
      for (const id of alive) binding.deleteTensor(id);
      throw error;
    }
  }
}

function annealed(attributes: OpAttribute[], lambda: number): OpAttribute[] {
  const at = attributes.findIndex(({ slope }) => slope);
  return at < 0 ? attributes : attributes.with(at, { ...attributes[at]!, value: 1 - lambda });
}
