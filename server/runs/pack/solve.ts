/** Least squares in integers: weights in units of 2^-shift that foretell one thing from others. */

/** Factorises a symmetric positive A [n, n], of which the lower triangle is read, into L·Lᵀ (Cholesky), in place. */
export function factorise(a: Float64Array, n: number): void {
  // Inputs that depend on each other leave a pivot of nothing but rounding: their weight becomes 0.
  const tiny = Array.from({ length: n }, (_, i) => 1e-10 * a[i * n + i]! + 1e-6);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      if (i !== j) a[i * n + j] = sum / a[j * n + j]!;
      else a[i * n + i] = sum > tiny[i]! ? Math.sqrt(sum) : Infinity;
    }
}

/** Solves L·Lᵀ x = b for an x of whole units of 2^-shift, given as integers: each is rounded when its turn comes, and
 * those after it make up for the rounding (Babai's nearest plane). */
export function solveRounded(l: Float64Array, b: Float64Array, n: number, shift: number): Int32Array {
  const z = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * z[k]!;
    z[i] = sum / l[i * n + i]!;
  }
  const scale = 2 ** shift;
  const x = new Int32Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let sum = z[i]!;
    for (let k = i + 1; k < n; k++) sum -= (l[k * n + i]! * x[k]!) / scale;
    x[i] = Math.round((sum / l[i * n + i]!) * scale);
  }
  return x;
}
