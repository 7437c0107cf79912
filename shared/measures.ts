/** Numbers that say what a feature map looks like, and how alike two recordings are. Pure; maps are row-major. */
import { ScopeError } from './errors.ts';

type Values = Float32Array | Float64Array | readonly number[];

function sameLength(a: Values, b: Values): void {
  if (a.length !== b.length || a.length === 0)
    throw new ScopeError('INVALID_DATA', `can't compare ${a.length} values with ${b.length}`);
}

/** Contrast: the standard deviation of a map's values (root mean square contrast, Peli 1990), in their own unit. */
export function contrast(map: Values): number {
  let sum = 0;
  for (let i = 0; i < map.length; i++) sum += map[i]!;
  const mean = sum / map.length;
  let squares = 0;
  for (let i = 0; i < map.length; i++) squares += (map[i]! - mean) ** 2;
  return Math.sqrt(squares / map.length);
}

/** Total variation: mean absolute difference of neighbouring pixels, across and down (anisotropic; Rudin, Osher
 * and Fatemi 1992, divided by the number of pairs so that map sizes can be compared). 0 for a single pixel. */
export function totalVariation(map: Values, height: number, width: number): number {
  let sum = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const v = map[y * width + x]!;
      if (x + 1 < width) sum += Math.abs(map[y * width + x + 1]! - v);
      if (y + 1 < height) sum += Math.abs(map[(y + 1) * width + x]! - v);
    }
  const pairs = height * (width - 1) + (height - 1) * width;
  return pairs > 0 ? sum / pairs : 0;
}

/** High-frequency share: the part (0 to 1) of a map's spectral energy without its mean that lies above half the
 * Nyquist frequency, √(fx² + fy²) > 1/4 cycle a pixel. 0 for a constant map. */
export function highFrequencyShare(map: Values, height: number, width: number): number {
  // Rows first: real in, so only 0 … width / 2 are distinct; the others mirror them and count twice.
  const half = Math.floor(width / 2) + 1;
  const real = new Float64Array(height * half);
  const imaginary = new Float64Array(height * half);
  for (let y = 0; y < height; y++)
    for (let u = 0; u < half; u++)
      for (let x = 0; x < width; x++) {
        const angle = (-2 * Math.PI * ((u * x) % width)) / width;
        real[y * half + u]! += map[y * width + x]! * Math.cos(angle);
        imaginary[y * half + u]! += map[y * width + x]! * Math.sin(angle);
      }
  let total = 0;
  let high = 0;
  for (let v = 0; v < height; v++)
    for (let u = 0; u < half; u++) {
      if (u === 0 && v === 0) continue;
      let re = 0;
      let im = 0;
      for (let y = 0; y < height; y++) {
        const angle = (-2 * Math.PI * ((v * y) % height)) / height;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        re += real[y * half + u]! * c - imaginary[y * half + u]! * s;
        im += real[y * half + u]! * s + imaginary[y * half + u]! * c;
      }
      const energy = (re * re + im * im) * (u === 0 || 2 * u === width ? 1 : 2);
      total += energy;
      if (Math.hypot(u / width, Math.min(v, height - v) / height) > 0.25) high += energy;
    }
  // A constant map leaves only the rounding of the sums.
  const scale = map.length * sumOfSquares(map);
  return total > 1e-12 * scale ? high / total : 0;
}

function sumOfSquares(values: Values): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return sum;
}

/** Shannon entropy in bits (0 to 8) of a histogram of 256 bins over the map's own range. 0 for a constant map. */
export function entropy(map: Values): number {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < map.length; i++) {
    low = Math.min(low, map[i]!);
    high = Math.max(high, map[i]!);
  }
  if (!(high > low)) return 0;
  const counts = new Uint32Array(256);
  const scale = 256 / (high - low);
  for (let i = 0; i < map.length; i++) counts[Math.min(255, Math.floor((map[i]! - low) * scale))]!++;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / map.length) * Math.log2(count / map.length);
  return bits;
}

/** Dead fraction: share (0 to 1) of the channels of [P, C, H, W] values that are never above zero, on any probe at
 * any pixel. Meaningful after a ReLU. */
export function deadFraction(values: Values, shape: readonly [number, number, number, number]): number {
  const [probes, channels, height, width] = shape;
  const plane = height * width;
  let dead = 0;
  for (let c = 0; c < channels; c++) {
    let alive = false;
    for (let p = 0; p < probes && !alive; p++) {
      const start = (p * channels + c) * plane;
      for (let i = start; i < start + plane && !alive; i++) alive = values[i]! > 0;
    }
    if (!alive) dead++;
  }
  return channels > 0 ? dead / channels : 0;
}

/** Cosine of the angle between two vectors, -1 to 1; NaN where one of them is zero everywhere. */
export function cosine(a: Values, b: Values): number {
  sameLength(a, b);
  let product = 0;
  for (let i = 0; i < a.length; i++) product += a[i]! * b[i]!;
  return product / Math.sqrt(sumOfSquares(a) * sumOfSquares(b));
}

/** Mean of |b - a|. */
export function meanAbsoluteDifference(a: Values, b: Values): number {
  sameLength(a, b);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(b[i]! - a[i]!);
  return sum / a.length;
}

/** Gram matrix [N, N] of examples [N, D]: the products of every pair of rows. */
export function gramMatrix(examples: Values, count: number): Float64Array {
  const d = examples.length / count;
  if (!Number.isInteger(d))
    throw new ScopeError('INVALID_DATA', `${examples.length} values don't make ${count} equal rows`);
  const gram = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = i; j < count; j++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += examples[i * d + k]! * examples[j * d + k]!;
      gram[i * count + j] = gram[j * count + i] = sum;
    }
  return gram;
}

/** Unbiased HSIC of two Gram matrices [N, N] (Song et al. 2012, eq. 5; Nguyen et al. 2021, eq. 3). */
function hsic(k: Float64Array, l: Float64Array, n: number): number {
  let trace = 0;
  let sumK = 0;
  let sumL = 0;
  let cross = 0;
  for (let i = 0; i < n; i++) {
    let rowK = 0;
    let rowL = 0;
    for (let j = 0; j < n; j++) {
      if (i === j) continue; // the estimator leaves the diagonal out
      rowK += k[i * n + j]!;
      rowL += l[i * n + j]!;
      trace += k[i * n + j]! * l[i * n + j]!;
    }
    sumK += rowK;
    sumL += rowL;
    cross += rowK * rowL;
  }
  return (trace + (sumK * sumL) / ((n - 1) * (n - 2)) - (2 * cross) / (n - 2)) / (n * (n - 3));
}

/** Linear CKA (Kornblith et al. 2019), debiased, of two Gram matrices of the same N ≥ 4 examples: 1 for equal
 * representations up to rotation and scale, about 0 (possibly below) for unrelated ones; NaN where one does not
 * tell its examples apart. */
export function linearCka(k: Float64Array, l: Float64Array): number {
  sameLength(k, l);
  const n = Math.sqrt(k.length);
  if (!Number.isInteger(n) || n < 4)
    throw new ScopeError('INVALID_DATA', `CKA needs square Gram matrices of at least 4 examples, not ${n}`);
  return hsic(k, l, n) / Math.sqrt(hsic(k, k, n) * hsic(l, l, n));
}

/** Effective rank (Roy and Vetterli 2007): e to the Shannon entropy of the singular values divided by their sum; from 1
 * to their number. 1 where all are zero. */
export function effectiveRank(singularValues: Values): number {
  let sum = 0;
  for (let i = 0; i < singularValues.length; i++) sum += singularValues[i]!;
  let nats = 0;
  for (let i = 0; i < singularValues.length; i++) {
    const share = singularValues[i]! / sum;
    if (share > 0) nats -= share * Math.log(share);
  }
  return Math.exp(nats);
}
