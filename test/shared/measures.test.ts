import { expect, test } from 'vitest';
import {
  contrast,
  cosine,
  deadFraction,
  effectiveRank,
  entropy,
  gramMatrix,
  highFrequencyShare,
  linearCka,
  meanAbsoluteDifference,
  totalVariation,
} from '../../shared/measures.ts';

test('contrast is the population standard deviation', () => {
  expect(contrast([2, 4, 4, 4, 5, 5, 7, 9])).toBe(2);
  expect(contrast([3, 3, 3])).toBe(0);
});

test('total variation is the mean step between neighbours, across and down', () => {
  // 1 3    across 2, 1; down 4, 5 (hand-worked): 12 over 4 pairs
  // 5 8 -> across 3
  expect(totalVariation([1, 3, 5, 8], 2, 2)).toBe((2 + 3 + 4 + 5) / 4);
  expect(totalVariation([0, 1, 0, 1], 1, 4)).toBe(1);
  expect(totalVariation([7], 1, 1)).toBe(0);
});

test('a checkerboard is all high frequency and a slow wave is none', () => {
  const checker = Array.from({ length: 64 }, (_, i) => ((i % 8) + Math.floor(i / 8)) % 2);
  const wave = Array.from({ length: 64 }, (_, i) => 3 + Math.cos((2 * Math.PI * (i % 8)) / 8));
  expect(highFrequencyShare(checker, 8, 8)).toBeCloseTo(1, 12);
  expect(highFrequencyShare(wave, 8, 8)).toBeCloseTo(0, 12);
});

test('a constant map has no high frequency', () => {
  expect(highFrequencyShare(new Float32Array(25).fill(0.1), 5, 5)).toBe(0);
  expect(highFrequencyShare([0, 0, 0, 0], 2, 2)).toBe(0);
});

test('high-frequency share agrees with a two-dimensional Fourier transform, of even and of odd size', () => {
  // Expected: numpy.fft.fft2, energy at hypot(fx, fy) > 0.25 over all but (0, 0).
  const even = [5, 0, 3, 3, 7, 3, 5, 2, 4, 7, 6, 8, 8, 1, 6, 7, 7, 8, 1, 5, 8, 4, 3, 0];
  const odd = [5, 8, 5, 0, 0, 1, 7, 6, 2, 4, 5, 2, 4, 2, 4, 7, 7, 1, 7, 0, 6, 7, 6, 1, 0];
  expect(highFrequencyShare(even, 4, 6)).toBeCloseTo(0.6794570608196293, 12);
  expect(highFrequencyShare(odd, 5, 5)).toBeCloseTo(0.6178879677687138, 12);
});

test('entropy is 0 bits for one value, 1 for two equally frequent, 8 for all 256 bins', () => {
  expect(entropy([4, 4, 4])).toBe(0);
  expect(entropy([0, 9, 9, 0])).toBe(1);
  expect(entropy(Float32Array.from({ length: 512 }, (_, i) => i))).toBe(8);
});

test('a channel is dead only if no probe ever makes it positive', () => {
  // [P = 2, C = 3, 1, 2]: channel 0 alive on the second probe, channel 1 dead, channel 2 alive on the first.
  const values = [0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0];
  expect(deadFraction(values, [2, 3, 1, 2])).toBeCloseTo(1 / 3, 12);
});

test('cosine is 1, 0 and -1 for the same, a right and the opposite direction', () => {
  expect(cosine([1, 2], [2, 4])).toBeCloseTo(1, 12);
  expect(cosine([1, 0], [0, 5])).toBe(0);
  expect(cosine([3, -4], [-3, 4])).toBe(-1);
  expect(cosine([0, 0], [1, 1])).toBeNaN();
});

test('mean absolute difference is hand-worked', () => {
  expect(meanAbsoluteDifference([1, -2, 3], [2, 2, 3])).toBeCloseTo(5 / 3, 12);
  expect(() => meanAbsoluteDifference([1], [1, 2])).toThrow(/1 values with 2/);
});

const x = [1, 0, 2, 1, 0, 3, -1, 2, 4, -2, 1, 1];
const y = [0, 1, 1, 1, 2, 0, 3, 0, 1, 2, -1, 2, -2, 3, 0, 1, 0, -1];

test('a Gram matrix holds the products of every pair of rows', () => {
  expect([...gramMatrix([1, 2, 3, 4], 2)]).toEqual([5, 11, 11, 25]);
  expect(() => gramMatrix([1, 2, 3], 2)).toThrow(/3 values/);
});

test('debiased CKA agrees with the estimator written out in matrices', () => {
  // Expected: numpy, HSIC₁ as tr(K̃L̃), 1ᵀK̃1 and 1ᵀK̃L̃1 with zeroed diagonals.
  expect(linearCka(gramMatrix(x, 6), gramMatrix(y, 6))).toBeCloseTo(0.9919740457201122, 12);
});

test('CKA does not see rotation, scale or shift of a representation', () => {
  const turned = x.map((_, i) => {
    const [a, b] = [x[i - (i % 2)]!, x[i - (i % 2) + 1]!];
    return 7 * (i % 2 ? 0.6 * b + 0.8 * a : 0.6 * a - 0.8 * b) + 5;
  });
  expect(linearCka(gramMatrix(x, 6), gramMatrix(turned, 6))).toBeCloseTo(1, 10);
});

test('debiased CKA of unrelated representations is near zero though they are wide', () => {
  let state = 1;
  const noise = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const a = Float64Array.from({ length: 32 * 400 }, noise);
  const b = Float64Array.from({ length: 32 * 400 }, noise);
  expect(Math.abs(linearCka(gramMatrix(a, 32), gramMatrix(b, 32)))).toBeLessThan(0.15);
});

test('CKA refuses fewer than four examples and unequal counts', () => {
  expect(() => linearCka(new Float64Array(9), new Float64Array(9))).toThrow(/at least 4 examples, not 3/);
  expect(() => linearCka(new Float64Array(16), new Float64Array(25))).toThrow(/16 values with 25/);
});

test('effective rank is e to the entropy of the singular values, hand-worked', () => {
  expect(effectiveRank([2, 2, 2])).toBeCloseTo(3, 12);
  expect(effectiveRank([5, 0, 0])).toBeCloseTo(1, 12);
  // Shares 3/4 and 1/4: e^(0.75 ln(4/3) + 0.25 ln 4).
  expect(effectiveRank([3, 1])).toBeCloseTo((4 / 3) ** 0.75 * 4 ** 0.25, 12);
  expect(effectiveRank([0, 0])).toBe(1);
  expect(effectiveRank([])).toBe(1);
});
