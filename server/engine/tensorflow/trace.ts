/** Work noted once, whose ops are issued again without the JavaScript around them, which costs more than they do. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Traced } from '../../nn/ops.ts';
import { Calls, type Call } from './calls.ts';
import { backend, toTensor } from './execute.ts';
import { Notes } from './notes.ts';

interface Trace {
  /** The addon's ids of what is the same each time, at their places; the inputs have the first ones. */
  ids: readonly number[];
  /** Of those, what was computed of fixed tensors. */
  settled: readonly number[];
  calls: Calls;
  /** Place of the result. */
  result: number;
}

/** How `result` was made of `inputs` and `fixed`, all by the addon's ids. Null where that can't be told: another tensor
 * was taken that is no constant, two inputs were one tensor, or no input had a part in it. */
function traceOf(
  notes: Notes,
  inputs: readonly number[],
  fixed: readonly number[],
  result: number,
): Trace | null {
  const places = new Map<number, number>();
  const placeOf = (id: number): number => {
    if (!places.has(id)) places.set(id, places.size);
    return places.get(id)!;
  };
  inputs.forEach(placeOf);
  if (places.size < inputs.length) return null;
  const ids: number[] = [];
  const settled = new Set<number>();
  const [once, each]: [Call[], Call[]] = [[], []];
  for (const { op, attributes, inputs, outputs } of notes.ops) {
    for (const id of inputs) {
      if (places.has(id)) continue;
      if (!fixed.includes(id) && !notes.isConstant(id)) return null;
      ids[placeOf(id)] = id;
      settled.add(placeOf(id));
    }
    const call = { op, attributes, inputs: inputs.map(placeOf), outputs: outputs.map(placeOf) };
    const same = call.inputs.every((place) => settled.has(place)) && !attributes.some(({ slope }) => slope);
    (same ? once : each).push(call);
    if (same) for (const place of call.outputs) settled.add(place);
  }
  const end = placeOf(result);
  if (!each.some(({ outputs }) => outputs.includes(end))) return null;
  const calls = new Calls(each, [end]);
  const made = new Set(once.flatMap(({ outputs }) => outputs));
  const kept = calls.inputs.filter((place) => made.has(place));
  new Calls(once, kept).run(ids);
  return { ids, settled: kept.map((place) => ids[place]!), calls, result: end };
}

/** See Ops.traced. */
export function traced(fixed: tf.Tensor[], inputs: tf.Tensor[], work: () => tf.Tensor1D): Traced {
  const engine = backend();
  const idsOf = (tensors: tf.Tensor[]): number[] => engine.getInputTensorIds(tensors);
  let notes: Notes | null = null;
  let trace: Trace | null = null;
  let shape: number[] = [];

  function noted(): tf.Tensor1D {
    const [before, same] = [idsOf(inputs), idsOf(fixed)];
    notes = new Notes();
    const result = notes.during(work);
    shape = result.shape;
    trace = traceOf(notes, before, same, idsOf([result])[0]!);
    if (!trace) notes.drop();
    return result;
  }

  function again({ ids, calls, result }: Trace, lambda: number): tf.Tensor1D {
    const all = [...ids];
    idsOf(inputs).forEach((id, place) => (all[place] = id));
    calls.run(all, lambda);
    return toTensor({ id: all[result]!, shape, dtype: engine.binding.TF_FLOAT! });
  }

  return {
    run: (lambda) => (trace ? again(trace, lambda) : noted()),
    dispose() {
      for (const id of trace?.settled ?? []) engine.binding.deleteTensor(id);
      trace = null;
      notes?.drop();
    },
  };
}
