import { expect, test } from 'vitest';
import { Random } from '../../../server/random.ts';
import { symmetricEigenvalues } from '../../../server/training/eigenvalues.ts';

/** A symmetric matrix with the given eigenvalues: a diagonal one turned by reflections of random direction. */
function withSpectrum(spectrum: readonly number[], random: Random): Float64Array {
  const n = spectrum.length;
  const matrix = new Float64Array(n * n);
  spectrum.forEach((value, i) => (matrix[i * n + i] = value));
  for (let turn = 0; turn < 3; turn++) {
    const u = Array.from({ length: n }, () => random.normal());
    const length = u.reduce((sum, v) => sum + v * v, 0);
    const reflect = (at: (i: number) => number): void => {
      let along = 0;
      for (let i = 0; i < n; i++) along += u[i]! * matrix[at(i)]!;
      for (let i = 0; i < n; i++) matrix[at(i)]! -= (2 * along * u[i]!) / length;
    };
    for (let row = 0; row < n; row++) reflect((i) => row * n + i);
    for (let column = 0; column < n; column++) reflect((i) => i * n + column);
  }
  return matrix;
}

test('the second difference has the eigenvalues 2 - 2 cos(kπ / (n + 1))', () => {
  const n = 9;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) matrix[i * n + j] = i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0;
  symmetricEigenvalues(matrix, n).forEach((value, k) =>
    expect(value).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), 12),
  );
});

test.each([1, 2, 3, 17, 128])('a chosen spectrum of %i values is found again', (n) => {
  const random = Random.seeded(n, 'spectrum');
  const spectrum = Array.from({ length: n }, (_, i) => (i % 4 === 0 ? 0 : 100 * random.normal()));
  const found = symmetricEigenvalues(withSpectrum(spectrum, random), n);
  spectrum.sort((a, b) => a - b).forEach((value, i) => expect(found[i]).toBeCloseTo(value, 9));
});

test('equal eigenvalues, a diagonal matrix and one of zeros are no trouble', () => {
  const random = Random.seeded(5, 'equal');
  expect([...symmetricEigenvalues(withSpectrum([3, 3, 3, 1], random), 4)].map((v) => +v.toFixed(9))).toEqual([
    1, 3, 3, 3,
  ]);
  expect([...symmetricEigenvalues(Float64Array.from([4, 0, 0, -1]), 2)]).toEqual([-1, 4]);
  expect([...symmetricEigenvalues(new Float64Array(9), 3)]).toEqual([0, 0, 0]);
  expect([...symmetricEigenvalues(new Float64Array(0), 0)]).toEqual([]);
});

test('the matrix is left as it was, and one that is not square is refused', () => {
  const matrix = Float64Array.from([2, 1, 1, 3]);
  symmetricEigenvalues(matrix, 2);
  expect([...matrix]).toEqual([2, 1, 1, 3]);
  expect(() => symmetricEigenvalues(matrix, 3)).toThrow(/4 values don't make a matrix of 3 rows/);
});
