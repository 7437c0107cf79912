/** Eigenvalues, without vectors, of a small symmetric matrix. Libraries for JavaScript compute the vectors too, which
 * takes some five times as long, and a training waits for this at every snapshot. */
import { ScopeError } from '../../shared/errors.ts';

const MOST_ROTATIONS = 60;

/** All eigenvalues of a symmetric matrix [n, n], ascending. Householder's reduction to a tridiagonal matrix, then QL with
 * implicit shifts (Wilkinson and Reinsch 1971, tred1 and imtql1). */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  if (matrix.length !== n * n)
    throw new ScopeError('INVALID_DATA', `${matrix.length} values don't make a matrix of ${n} rows`);
  if (n === 0) return new Float64Array(0);
  const { diagonal, off } = tridiagonal(Float64Array.from(matrix), n);
  implicitQl(diagonal, off);
  return diagonal.sort();
}

/** The diagonal [n] and the elements beside it [n] (the last is 0); `a` is overwritten. */
function tridiagonal(a: Float64Array, n: number): { diagonal: Float64Array; off: Float64Array } {
  const diagonal = new Float64Array(n);
  const off = new Float64Array(n);
  const p = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    const row = i * n;
    diagonal[i] = a[row + i]!;
    let squares = 0;
    for (let k = 0; k < i - 1; k++) squares += a[row + k]! ** 2;
    const last = a[row + i - 1]!;
    if (squares === 0) {
      off[i - 1] = last;
      continue;
    }
    // The reflection that takes the row to one element, left of the diagonal: u is the row, its last element changed.
    const length = Math.sqrt(squares + last * last) * (last > 0 ? -1 : 1);
    off[i - 1] = length;
    a[row + i - 1] = last - length;
    const h = length * length - last * length;
    p.fill(0, 0, i);
    for (let j = 0; j < i; j++) {
      const u = a[row + j]!;
      let sum = a[j * n + j]! * u;
      for (let k = 0; k < j; k++) {
        sum += a[j * n + k]! * a[row + k]!;
        p[k]! += a[j * n + k]! * u;
      }
      p[j]! += sum;
    }
    let half = 0;
    for (let j = 0; j < i; j++) half += (p[j]! /= h) * a[row + j]!;
    half /= 2 * h;
    for (let j = 0; j < i; j++) p[j]! -= half * a[row + j]!;
    for (let j = 0; j < i; j++) {
      const u = a[row + j]!;
      const q = p[j]!;
      for (let k = 0; k <= j; k++) a[j * n + k]! -= u * p[k]! + q * a[row + k]!;
    }
  }
  diagonal[0] = a[0]!;
  return { diagonal, off };
}

/** Turns the diagonal of a tridiagonal matrix into its eigenvalues, in no order. */
function implicitQl(d: Float64Array, e: Float64Array): void {
  const n = d.length;
  for (let l = 0; l < n; l++)
    for (let round = 0; ; round++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++;
      if (m === l) break;
      if (round === MOST_ROTATIONS)
        throw new ScopeError(
          'NON_FINITE',
          'the eigenvalues of a matrix were not found: is a value not finite?',
        );
      let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      g = d[m]! - d[l]! + e[l]! / (g + Math.sqrt(g * g + 1) * (g < 0 ? -1 : 1));
      let [s, c, p] = [1, 1, 0];
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i]!;
        const b = c * e[i]!;
        const r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1]! - p;
        const t = (d[i]! - g) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
      }
      if (i >= l) continue;
      d[l]! -= p;
      e[l] = g;
      e[m] = 0;
    }
}
