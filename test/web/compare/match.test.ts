import { expect, test } from 'vitest';
import { exactTap, quantiseTap, type FrameTap } from '../../../shared/frame.ts';
import { Random } from '../../../server/random.ts';
import { correlations, matchChannels, reordered } from '../../../web/src/lib/compare/match.ts';
import { valuesOf } from '../../../web/src/lib/painting/tapValues.ts';

const shape = [3, 6, 4, 4] as const;
const plane = 16;

function randomValues(seed: number): Float32Array {
  const random = Random.seeded(seed, 'maps');
  return Float32Array.from({ length: 3 * 6 * plane }, () => random.normal());
}

/** `values` with channel `order[c]` in place c, scaled and moved, and noise on top. */
function shuffled(values: Float32Array, order: readonly number[], noise: number): Float32Array {
  const random = Random.seeded(7, 'noise');
  const out = new Float32Array(values.length);
  for (let p = 0; p < 3; p++)
    order.forEach((from, c) => {
      for (let i = 0; i < plane; i++)
        out[(p * 6 + c) * plane + i] =
          (c + 1) * values[(p * 6 + from) * plane + i]! + c + noise * random.normal();
    });
  return out;
}

test('channels that were permuted, scaled and moved find their partners again', () => {
  const order = [3, 0, 5, 1, 4, 2];
  const values = randomValues(1);
  const a = exactTap('stem.out', shape, values);
  const b = exactTap('stem.out', shape, shuffled(values, order, 0.2));
  const { partner, correlation } = matchChannels(a, b);
  expect([...partner]).toEqual([1, 3, 5, 0, 4, 2]);
  for (const r of correlation) expect(r).toBeGreaterThan(0.9);
});

test('quantising does not change the matching', () => {
  const order = [2, 4, 0, 5, 3, 1];
  const values = randomValues(2);
  const a = quantiseTap('stem.out', shape, values);
  const b = quantiseTap('stem.out', shape, shuffled(values, order, 0.5));
  expect([...matchChannels(a, b).partner].map((j) => order[j])).toEqual([0, 1, 2, 3, 4, 5]);
});

test('the sum of correlations decides, not the greediest pair', () => {
  // 0 and 1 both resemble B's 0; 1 resembles nothing else, 0 resembles B's 1 nearly as much.
  const base = [1, -1, 2, -2];
  const tap = (rows: number[][]): FrameTap =>
    exactTap('stem.out', [1, 2, 2, 2], Float32Array.from(rows.flat()));
  const a = tap([base, [1, -1, 2, -1.2]]);
  const b = tap([base, [1, -1.4, 2, -2.2]]);
  const table = correlations(a, b);
  const { partner } = matchChannels(a, b);
  const sum = (p: readonly number[]): number => table[p[0]!]! + table[2 + p[1]!]!;
  expect(sum([...partner])).toBeCloseTo(Math.max(sum([0, 1]), sum([1, 0])), 6);
});

test('a constant channel correlates with nothing and still gets a partner', () => {
  const values = randomValues(3);
  for (let p = 0; p < 3; p++) values.fill(2, p * 6 * plane, p * 6 * plane + plane);
  const a = exactTap('stem.out', shape, values);
  const { partner, correlation } = matchChannels(a, a);
  expect([...partner]).toEqual([0, 1, 2, 3, 4, 5]);
  expect(correlation[0]).toBe(0);
});

test('reordering takes each channel of one probe with its range', () => {
  const tap = quantiseTap('stem.out', shape, randomValues(4));
  const partner = Int32Array.from([5, 4, 3, 2, 1, 0]);
  const before = valuesOf({ tap, position: 2 });
  const after = valuesOf(reordered({ tap, position: 2 }, partner));
  partner.forEach((from, c) => {
    expect([...after.subarray(c * plane, (c + 1) * plane)]).toEqual([
      ...before.subarray(from * plane, (from + 1) * plane),
    ]);
  });
});

test('taps of other shapes are refused with both shapes', () => {
  const a = exactTap('stem.out', [1, 1, 2, 2], new Float32Array(4));
  const b = exactTap('stem.out', [1, 2, 2, 1], new Float32Array(4));
  expect(() => correlations(a, b)).toThrow(/\[1, 2, 2, 1\].*\[1, 1, 2, 2\]/);
});
