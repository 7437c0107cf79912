import { expect, test } from 'vitest';
import { atTimes, drift } from './drift.ts';

test('a drift is the end by the first tenth, by medians', () => {
  const samples = [99, 10, 10, ...Array.from({ length: 24 }, () => 500), 11, 11, 1];
  expect(drift(samples)).toEqual({ first: 10, end: 11, ratio: 1.1 });
});

test('fewer than ten samples have no tenth', () => {
  expect(() => drift([1, 2, 3])).toThrow('3 samples are too few');
});

test('each time gets the sample nearest to it', () => {
  const samples = [0, 10, 20, 30].map((at) => ({ at, value: at * 2 }));
  expect(atTimes(samples, [-5, 4, 6, 21, 22, 99])).toEqual([0, 0, 20, 40, 40, 60]);
});
