import { expect, test } from 'vitest';
import { powerLaw } from './powerLaw.ts';

test('exponent and factor of an exact power law are found', () => {
  const points = [0.5, 1, 2, 64].map((x) => [x, 3 * x ** 1.7] as const);
  const { exponent, factor } = powerLaw(points);
  expect(exponent).toBeCloseTo(1.7, 12);
  expect(factor).toBeCloseTo(3, 12);
});

test('of points beside the law the logarithms count: a factor above and the same below cancel', () => {
  const { exponent, factor } = powerLaw([
    [1, 2],
    [1, 0.5],
    [10, 20],
    [10, 5],
  ]);
  expect(exponent).toBeCloseTo(1, 12);
  expect(factor).toBeCloseTo(1, 12);
});

test('a constant has the exponent 0', () => {
  expect(powerLaw([[1, 5], [2, 5], [4, 5]]).exponent).toBeCloseTo(0, 12); // prettier-ignore
});

test('points without logarithms, none and those at one place are refused', () => {
  expect(() => powerLaw([[1, 0], [2, 3]])).toThrow('the point (1, 0)'); // prettier-ignore
  expect(() => powerLaw([])).toThrow('two different ones');
  expect(() => powerLaw([[2, 1], [2, 3]])).toThrow('all points have one x'); // prettier-ignore
});
