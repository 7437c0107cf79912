import { expect, test } from 'vitest';
import { exactTap } from '../../../shared/frame.ts';
import { likenessOf, median, mostChanged, wholeLikeness } from '../../../web/src/lib/compare/likeness.ts';

const recording = (values: number[]) => ({
  tap: exactTap('stem.out', [1, 3, 1, 2], Float32Array.from(values)),
  position: 0,
});

test('likeness is told of each channel by itself', () => {
  const likeness = likenessOf(recording([1, 0, 2, 2, 0, 0]), recording([1, 0, -4, -4, 0, 3]));
  expect([...likeness.cosine]).toEqual([1, expect.closeTo(-1, 6), NaN]);
  expect([...likeness.difference]).toEqual([0, 6, 1.5]);
  expect(mostChanged(likeness)).toEqual([1, 2, 0]);
});

test('single values are told of together, as one vector', () => {
  const whole = wholeLikeness(recording([1, 0, 2, 0, 0, 0]), recording([1, 0, 0, 0, 0, 2]));
  expect(whole.cosine).toBeCloseTo(1 / 5, 6);
  expect(whole.difference).toBeCloseTo(4 / 6, 6);
});

test('the median leaves out what cannot be told', () => {
  expect(median([3, NaN, 1])).toBe(2);
  expect(median([5, 1, 2])).toBe(2);
  expect(median([NaN])).toBeNaN();
});
