import { expect, test } from 'vitest';
import { changePoints, driftRule, MIN_SNAPSHOTS, type Similarity } from '../../web/src/lib/changePoints.ts';

/** Items of the same group resemble each other by `inside`, others by `across`, each itself by 1. */
function blocks(groups: readonly number[], inside: number, across: number): number[] {
  return groups.flatMap((a, i) => groups.map((b, j) => (i === j ? 1 : a === b ? inside : across)));
}

/** Every pair of change points in turn: what dynamic programming must find. */
function exhaustive(values: readonly number[], n: number): [number, number] {
  const gain = (from: number, to: number): number => {
    let sum = 0;
    for (let i = from; i < to; i++) for (let j = from; j < to; j++) sum += values[i * n + j]!;
    return sum / (to - from);
  };
  let best: [number, number, number] = [-Infinity, 0, 0];
  for (let second = 1; second < n - 1; second++)
    for (let third = second + 1; third < n; third++) {
      const all = gain(0, second) + gain(second, third) + gain(third, n);
      if (all > best[0] + 1e-12) best = [all, second, third];
    }
  return [best[1], best[2]];
}

test('three groups are cut where they meet', () => {
  expect(changePoints(blocks([0, 0, 0, 0, 1, 1, 1, 2, 2], 0.9, 0.2), 9)).toEqual([4, 7]);
  expect(changePoints(blocks([0, 1, 1, 1, 1, 1, 1, 2], 0.95, 0.5), 8)).toEqual([1, 7]);
});

test('features that drift fast at two places and slowly elsewhere are cut at these places', () => {
  const place = [0, 0.1, 0.2, 0.3, 1.5, 1.6, 1.7, 3, 3.1, 3.2, 3.3];
  const n = place.length;
  const values = place.flatMap((a) => place.map((b) => Math.exp(-Math.abs(a - b))));
  expect(changePoints(values, n)).toEqual([4, 7]);
});

test('dynamic programming finds what trying every pair finds', () => {
  let seed = 7;
  const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 20; round++) {
    const n = 3 + (round % 9);
    const values = Array.from({ length: n * n }, () => 0);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) values[i * n + j] = values[j * n + i] = i === j ? 1 : random();
    expect(changePoints(values, n)).toEqual(exhaustive(values, n));
  }
});

const similarity = (ids: readonly string[], values: readonly number[]): Similarity => ({
  snapshots: ids,
  values: Float32Array.from(values),
});
const ids = ['0', '2', '4', '6', '8', '10', '12', '12m'];

test('the rule names the last epoch of early and of mid, and the untrained network is no stage', () => {
  const groups = [9, 0, 0, 1, 1, 1, 2, 2];
  expect(driftRule([similarity(ids, blocks(groups, 0.9, 0.1))])).toEqual({ by: 'epoch', mid: 4, late: 10 });
});

test('a cut right after the merge stands half an epoch after it', () => {
  const later = ['0', '2', '4', '6', '8', '8m', '9', '10'];
  expect(driftRule([similarity(later, blocks([9, 0, 0, 0, 1, 1, 2, 2], 0.9, 0.1))])).toEqual({
    by: 'epoch',
    mid: 6,
    late: 8.5,
  });
});

test('the blocks decide together', () => {
  const clear = similarity(ids, blocks([9, 0, 0, 1, 1, 1, 2, 2], 0.9, 0));
  const vague = similarity(ids, blocks([9, 0, 0, 0, 0, 1, 1, 2], 0.52, 0.5));
  expect(driftRule([vague, clear, vague])).toEqual(driftRule([clear]));
});

test('dead snapshots are passed over, and what one block can not tell another may', () => {
  const values = blocks([9, 0, 0, 1, 1, 1, 2, 2], 0.9, 0.1);
  const dead = values.map((value, i) => (i % 8 === 7 || Math.floor(i / 8) === 7 ? Number.NaN : value));
  expect(driftRule([similarity(ids, dead)])).toEqual({ by: 'epoch', mid: 4, late: 10 });
  expect(driftRule([similarity(ids, dead), similarity(ids, values)])).toEqual({
    by: 'epoch',
    mid: 4,
    late: 10,
  });
});

test('too few snapshots say nothing', () => {
  const few = ids.slice(0, MIN_SNAPSHOTS); // the untrained network and one less than enough
  expect(driftRule([similarity(few, blocks([9, 0, 0, 1, 1, 2], 0.9, 0.1))])).toBeNull();
  expect(driftRule([])).toBeNull();
});
