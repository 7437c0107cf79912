import { expect, test } from 'vitest';
import { annealed, effectOf, histogram, reachOf } from '../../../web/src/lib/lens/activation.ts';

test('the activation goes from a full ReLU to the identity', () => {
  expect(annealed(-2, 1)).toBeCloseTo(0, 12);
  expect(annealed(-2, 0.25)).toBe(-1.5);
  expect(annealed(-2, 0)).toBe(-2);
  for (const lambda of [0, 0.3, 1]) expect(annealed(1.5, lambda)).toBe(1.5);
});

test('its effect is that of the negative values alone', () => {
  const pre = Float32Array.of(-4, -2, 0, 6);
  expect(effectOf(pre, 0.5)).toEqual({ negative: 0.5, change: 0.75 });
  expect(effectOf(pre, 0)).toEqual({ negative: 0.5, change: 0 });
  const change = pre.reduce((sum, x) => sum + Math.abs(annealed(x, 0.7) - x), 0) / 4;
  expect(effectOf(pre, 0.7).change).toBeCloseTo(change, 6);
});

test('a histogram counts every value once, with those beyond its ends in the last bars', () => {
  const bars = histogram(Float32Array.of(-9, -0.5, 0.1, 0.2, 1, 9), 1, 4);
  expect(bars.map(({ from, to }) => [from, to])).toEqual([
    [-1, -0.5],
    [-0.5, 0],
    [0, 0.5],
    [0.5, 1],
  ]);
  expect(bars.map(({ share }) => share * 6)).toEqual([
    expect.closeTo(1),
    expect.closeTo(1),
    expect.closeTo(2),
    expect.closeTo(2),
  ]);
});

test('the reach is a round number that holds every value', () => {
  expect(reachOf(Float32Array.of(-0.3, 0.1))).toBeCloseTo(0.5, 12);
  expect(reachOf(Float32Array.of(2))).toBe(2);
  expect(reachOf(Float32Array.of(0, -61))).toBe(100);
  expect(reachOf(Float32Array.of(0))).toBe(1);
});
