/** Stages found from the data: where the features of a run change most. */
import type { StageRule } from '../../../shared/schedule.ts';
import { positionOf } from './timeline.ts';

/** Fewer snapshots of a trained network than this say nothing about stages. */
export const MIN_SNAPSHOTS = 6;

/** Similarities of all pairs of snapshots, [E, E] row by row; NaN where one can't be told. */
export interface Similarity {
  snapshots: readonly string[];
  values: ArrayLike<number>;
}

/** Where the second and the third of three runs of consecutive items begin, so that the items of each run are as
 * similar among themselves as can be: kernel change-point detection (Harchaoui & Cappé 2007), which maximises the sum
 * over runs of Σ similarity / length, by dynamic programming in O(n²). `values` is [n, n] and n at least 3. */
export function changePoints(values: ArrayLike<number>, n: number): [second: number, third: number] {
  // sums[i, j]: over the rectangle of the first i rows and j columns.
  const wide = n + 1;
  const sums = new Float64Array(wide * wide);
  for (let i = 1; i <= n; i++)
    for (let j = 1; j <= n; j++)
      sums[i * wide + j] =
        values[(i - 1) * n + j - 1]! +
        sums[(i - 1) * wide + j]! +
        sums[i * wide + j - 1]! -
        sums[(i - 1) * wide + j - 1]!;
  const gain = (from: number, to: number): number =>
    (sums[to * wide + to]! - 2 * sums[from * wide + to]! + sums[from * wide + from]!) / (to - from);

  let best = { gain: -Infinity, second: 1, third: 2 };
  for (let third = 2; third < n; third++) {
    let two = { gain: -Infinity, second: 1 };
    for (let second = 1; second < third; second++) {
      const both = gain(0, second) + gain(second, third);
      if (both > two.gain) two = { gain: both, second };
    }
    const all = two.gain + gain(third, n);
    if (all > best.gain) best = { gain: all, second: two.second, third };
  }
  return [best.second, best.third];
}

/** The mean over blocks, of those pairs that each block can tell. All are of the same snapshots. */
function meanSimilarity(blocks: readonly Similarity[]): Float64Array {
  const mean = new Float64Array(blocks[0]!.values.length);
  return mean.map((_, i) => {
    const known = blocks.map(({ values }) => values[i]!).filter((value) => !Number.isNaN(value));
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

/** Early, mid and late by the drift of the features of these blocks: the untrained network is no stage, and a
 * snapshot that is not even similar to itself (all of its features are dead) is passed over. Null where fewer than
 * MIN_SNAPSHOTS are left. */
export function driftRule(blocks: readonly Similarity[]): StageRule | null {
  const first = blocks[0];
  if (!first) return null;
  const n = first.snapshots.length;
  const mean = meanSimilarity(blocks);
  const usable = first.snapshots.flatMap((id, i) =>
    id !== '0' && !Number.isNaN(mean[i * n + i]!) ? [i] : [],
  );
  if (usable.length < MIN_SNAPSHOTS) return null;
  const values = usable.flatMap((row) => usable.map((column) => mean[row * n + column]! || 0));
  const [second, third] = changePoints(values, usable.length);
  const before = (at: number): number => {
    const id = first.snapshots[usable[at - 1]!]!;
    return positionOf({ id, epoch: Number.parseInt(id, 10) });
  };
  return { by: 'epoch', mid: before(second), late: before(third) };
}
