/** Ops as a list to be worked off, free of the tensors that they were noted with. */
import { fuse, type Fuser } from './fuse.ts';

/** An op; tensors are told by their places in a list. */
export interface Call<Op> {
  op: Op;
  inputs: readonly number[];
  outputs: readonly number[];
}

/** How an engine issues an op that it has issued before. `Id` is what it knows a tensor by. */
export interface Issuer<Op, Id> {
  /** Gives the op's outputs, as many as there were. Annealed activations are at `lambda`, or where it is not given as they
   * were. */
  issue(op: Op, inputs: readonly Id[], lambda?: number): readonly Id[];
  free(id: Id): void;
}

/** Calls in their order. */
export class Calls<Op, Id> {
  readonly #issuer: Issuer<Op, Id>;
  readonly #wanted: readonly number[];
  readonly #calls: readonly (Call<Op> & { done: readonly number[] })[];

  /** Those of `calls` that the places `wanted` depend on, and those that make nothing: they are there for what they do to
   * what they take. What else is made is freed once no call takes it any more. */
  constructor(issuer: Issuer<Op, Id>, calls: readonly Call<Op>[], wanted: readonly number[]) {
    this.#issuer = issuer;
    this.#wanted = wanted;
    const made = new Set(calls.flatMap(({ outputs }) => outputs));
    const later = new Set(wanted);
    const needed = [];
    for (const call of calls.toReversed()) {
      if (call.outputs.length > 0 && !call.outputs.some((place) => later.has(place))) continue;
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

  /** The same work, with runs of calls done as one call each; whoever wants it gives its ops back to `fuser`. */
  fused(fuser: Fuser<Op>): Calls<Op, Id> {
    return new Calls(this.#issuer, fuse(this.#calls, this.#wanted, fuser), this.#wanted);
  }

  get ops(): Op[] {
    return this.#calls.map(({ op }) => op);
  }

  /** `ids` are those of the tensors at their places; those of what is made and kept are added. */
  run(ids: Id[], lambda?: number): void {
    const alive = new Set<Id>();
    try {
      for (const { op, inputs, outputs, done } of this.#calls) {
        const made = this.#issuer.issue(
          op,
          inputs.map((place) => ids[place]!),
          lambda,
        );
        outputs.forEach((place, i) => alive.add((ids[place] = made[i]!)));
        for (const place of done) {
          this.#issuer.free(ids[place]!);
          alive.delete(ids[place]!);
        }
      }
    } catch (error) {
      for (const id of alive) this.#issuer.free(id);
      throw error;
    }
  }
}
