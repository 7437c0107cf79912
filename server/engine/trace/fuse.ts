/** Runs of calls made one call each, so that an engine is asked a few times where it was asked hundreds of times. */
import type { Call } from './calls.ts';

/** How an engine does several ops as one. */
export interface Fuser<Op> {
  /** Whether an op may be among them. */
  takes(op: Op): boolean;
  /** One op that does what `calls` do in their order, from the tensors at the places `inputs` to those at `outputs`; null
   * where the engine can't. */
  fuse(calls: readonly Call<Op>[], inputs: readonly number[], outputs: readonly number[]): Op | null;
  /** Takes back an op that it made; others are let be. */
  drop(op: Op): void;
}

/** Fewer calls in a row stay as they are. */
const LEAST = 4;

/** What calls take and don't make, and what they make and later calls take or `wanted` names. */
function ends<Op>(
  calls: readonly Call<Op>[],
  later: readonly Call<Op>[],
  wanted: readonly number[],
): { inputs: number[]; outputs: number[] } {
  const made = new Set(calls.flatMap(({ outputs }) => outputs));
  const taken = new Set(calls.flatMap(({ inputs }) => inputs));
  const needed = new Set([...wanted, ...later.flatMap(({ inputs }) => inputs)]);
  return {
    inputs: [...taken].filter((place) => !made.has(place)),
    outputs: [...made].filter((place) => needed.has(place)),
  };
}

/** `calls`, with one call in place of each run of calls that `fuser` takes. */
export function fuse<Op>(
  calls: readonly Call<Op>[],
  wanted: readonly number[],
  fuser: Fuser<Op>,
): Call<Op>[] {
  const fused: Call<Op>[] = [];
  for (let begin = 0; begin < calls.length;) {
    let end = begin;
    while (end < calls.length && fuser.takes(calls[end]!.op)) end++;
    const run = calls.slice(begin, end);
    const { inputs, outputs } = ends(run, calls.slice(end), wanted);
    const op = run.length < LEAST ? null : fuser.fuse(run, inputs, outputs);
    fused.push(...(op ? [{ op, inputs, outputs }] : run));
    // The call that ended the run stays too.
    if (end < calls.length) fused.push(calls[end]!);
    begin = end + 1;
  }
  return fused;
}
