/** Work noted once, whose ops are issued again without the JavaScript around them, which costs more than they do. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Ops, Traced } from '../../nn/ops.ts';
import { Calls, type Call, type Issuer } from './calls.ts';
import type { Fuser } from './fuse.ts';

/** An op with the tensors that it took and gave. */
export interface NotedOp<Op, Id> {
  op: Op;
  inputs: readonly Id[];
  outputs: readonly Id[];
}

/** Ops noted while they are issued. */
export interface Notes<Op, Id> {
  readonly ops: readonly NotedOp<Op, Id>[];
  /** Notes what `work` issues. */
  during<Result>(work: () => Result): Result;
  /** Whether a tensor is one of values that are the same for as long as these notes are kept. */
  isConstant(id: Id): boolean;
  drop(): void;
}

/** How an engine's work is noted and issued again. */
export interface Tracer<Op, Id> extends Issuer<Op, Id> {
  /** `tensors` are all that there will be but what is made meanwhile. */
  notes(tensors: readonly tf.Tensor[]): Notes<Op, Id>;
  idsOf(tensors: readonly tf.Tensor[]): Id[];
  /** Whether it is an annealed activation at a λ between 0 and 1. */
  isAnnealed(op: Op): boolean;
  /** What an op has made, float32, as a tensor of the present scope. */
  tensor(id: Id, shape: readonly number[]): tf.Tensor;
  /** Null where this engine has none. */
  fuser(): Fuser<Op> | null;
}

/** So many runs show that work comes again often enough to be fused, which costs many runs' time. */
const RUNS_TO_FUSE = 8;

interface Trace<Op, Id> {
  /** What is the same each time, at its places; the inputs have the first ones. */
  ids: readonly Id[];
  /** Of that, what was computed of fixed tensors. */
  settled: readonly Id[];
  calls: Calls<Op, Id>;
  /** Places of the results. */
  results: readonly number[];
}

/** How `results` were made of `inputs` and `fixed`. Null where that can't be told: another tensor was taken that is no
 * constant, two inputs or two results were one tensor, or no input had a part in a result. */
function traceOf<Op, Id>(
  tracer: Tracer<Op, Id>,
  notes: Notes<Op, Id>,
  inputs: readonly Id[],
  fixed: readonly Id[],
  results: readonly Id[],
): Trace<Op, Id> | null {
  const places = new Map<Id, number>();
  const placeOf = (id: Id): number => {
    if (!places.has(id)) places.set(id, places.size);
    return places.get(id)!;
  };
  inputs.forEach(placeOf);
  if (places.size < inputs.length) return null;
  const ids: Id[] = [];
  const settled = new Set<number>();
  const [once, each]: [Call<Op>[], Call<Op>[]] = [[], []];
  for (const { op, inputs, outputs } of notes.ops) {
    for (const id of inputs) {
      if (places.has(id)) continue;
      if (!fixed.includes(id) && !notes.isConstant(id)) return null;
      ids[placeOf(id)] = id;
      settled.add(placeOf(id));
    }
    const call = { op, inputs: inputs.map(placeOf), outputs: outputs.map(placeOf) };
    // What takes nothing makes something new each time, and what makes nothing does something each time.
    const same =
      Math.min(inputs.length, outputs.length) > 0 &&
      call.inputs.every((place) => settled.has(place)) &&
      !tracer.isAnnealed(op);
    (same ? once : each).push(call);
    if (same) for (const place of call.outputs) settled.add(place);
  }
  const ends = results.map(placeOf);
  const remade = new Set(each.flatMap(({ outputs }) => outputs));
  if (new Set(ends).size < ends.length || !ends.every((end) => remade.has(end))) return null;
  const calls = new Calls(tracer, each, ends);
  const made = new Set(once.flatMap(({ outputs }) => outputs));
  const kept = calls.inputs.filter((place) => made.has(place));
  new Calls(tracer, once, kept).run(ids);
  return { ids, settled: kept.map((place) => ids[place]!), calls, results: ends };
}

/** Ops.traced of an engine. */
export function tracedBy<Op, Id>(tracer: Tracer<Op, Id>): Ops['traced'] {
  return (fixed, inputs, work): Traced => {
    let notes: Notes<Op, Id> | null = null;
    let trace: Trace<Op, Id> | null = null;
    let runs = 0;
    let shape: readonly number[] = [];
    /** Those of the inputs that the work assigns. */
    let assigned: readonly tf.Variable[] = [];

    function noted(given: readonly tf.Tensor[]): tf.Tensor1D {
      const all = [...inputs, ...given];
      const [before, same] = [tracer.idsOf(all), tracer.idsOf(fixed)];
      notes = tracer.notes([...fixed, ...all]);
      try {
        const result = notes.during(() => work(...given));
        shape = result.shape;
        assigned = tracer
          .idsOf(inputs)
          .flatMap((id, i) => (id === before[i] ? [] : [inputs[i] as tf.Variable]));
        trace = traceOf(tracer, notes, before, same, tracer.idsOf([result, ...assigned]));
        return result;
      } finally {
        if (!trace) notes.drop();
      }
    }

    function fuse(trace: Trace<Op, Id>): void {
      const fuser = tracer.fuser();
      if (fuser) trace.calls = trace.calls.fused(fuser);
    }

    function again(trace: Trace<Op, Id>, lambda: number, given: readonly tf.Tensor[]): tf.Tensor1D {
      if (++runs === RUNS_TO_FUSE) fuse(trace);
      const { ids, calls, results } = trace;
      const all = [...ids];
      tracer.idsOf([...inputs, ...given]).forEach((id, place) => (all[place] = id));
      calls.run(all, lambda);
      const [result, ...places] = results;
      assigned.forEach((variable, i) => {
        const value = tracer.tensor(all[places[i]!]!, variable.shape);
        variable.assign(value);
        value.dispose();
      });
      return tracer.tensor(all[result!]!, shape) as tf.Tensor1D;
    }

    return {
      run: (lambda, given = []) => (trace ? again(trace, lambda, given) : noted(given)),
      dispose() {
        for (const id of trace?.settled ?? []) tracer.free(id);
        for (const op of trace?.calls.ops ?? []) tracer.fuser()?.drop(op);
        trace = null;
        notes?.drop();
      },
    };
  };
}
