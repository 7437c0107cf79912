/**
 * Levels as weighted sums of other levels, exactly: weights are integers in units of 2^-shift. Most sums fit into 32 bits,
 * in which they are taken several at a time; doubles hold those that do not.
 */
import type { Linear } from './linear.ts';

/** Levels [P, C, H, W] of a tap. */
export interface Levels {
  shape: readonly [number, number, number, number];
  values: Uint8Array;
}

const clamp = (level: number): number => (level > 255 ? 255 : level > 0 ? level : 0);

/** True where no sum of one output's weights times levels leaves 32 bits. */
function areSmall({ weights, bias, shift }: Linear): boolean {
  const each = weights.length / bias.length;
  for (let d = 0, at = 0; d < bias.length; d++) {
    let most = Math.abs(bias[d]!) + 2 ** shift;
    for (const end = at + each; at < end; at++) most += 255 * Math.abs(weights[at]!);
    if (most >= 2 ** 31) return false;
  }
  return true;
}

/** Over all channels: [P, C, H, W] → [P, D, H, W]. */
export function mix(source: Levels, linear: Linear): Uint8Array {
  const [probes, channels, height, width] = source.shape;
  const plane = height * width;
  const outputs = linear.bias.length;
  const foretold = new Uint8Array(probes * outputs * plane);
  if (!areSmall(linear)) {
    const total = new Float64Array(plane);
    for (let p = 0; p < probes; p++)
      for (let d = 0; d < outputs; d++) {
        total.fill(linear.bias[d]!);
        for (let c = 0, at = p * channels * plane; c < channels; c++)
          for (let i = 0; i < plane; i++)
            total[i]! += linear.weights[d * channels + c]! * source.values[at++]!;
        roundWide(total, linear.shift, foretold, (p * outputs + d) * plane);
      }
    return foretold;
  }
  const totals = [0, 1, 2, 3].map(() => new Int32Array(plane));
  for (let p = 0; p < probes; p++)
    for (let d = 0; d < outputs; d += 4) {
      // Four outputs at a time; the last ones twice, where they are not four.
      const rows = [0, 1, 2, 3].map((k) => Math.min(d + k, outputs - 1));
      rows.forEach((row, k) => totals[k]!.fill(linear.bias[row]!));
      addFour(source.values, p * channels * plane, plane, channels, linear.weights, rows, totals);
      rows.forEach((row, k) => round(totals[k]!, linear.shift, foretold, (p * outputs + row) * plane));
    }
  return foretold;
}

/** Adds to four totals [H·W] the levels of all channels times the weights of four outputs. Four channels at a time: each
 * level that is read serves four sums, and each total is written once for four levels. */
function addFour(
  values: Uint8Array,
  from: number,
  plane: number,
  channels: number,
  w: Int32Array,
  rows: readonly number[],
  [t0, t1, t2, t3]: readonly Int32Array[],
): void {
  const [r0, r1, r2, r3] = rows.map((row) => row * channels) as [number, number, number, number];
  let c = 0;
  for (; c + 4 <= channels; c += 4) {
    const [a0, a1, a2, a3] = [w[r0 + c]!, w[r0 + c + 1]!, w[r0 + c + 2]!, w[r0 + c + 3]!];
    const [b0, b1, b2, b3] = [w[r1 + c]!, w[r1 + c + 1]!, w[r1 + c + 2]!, w[r1 + c + 3]!];
    const [c0, c1, c2, c3] = [w[r2 + c]!, w[r2 + c + 1]!, w[r2 + c + 2]!, w[r2 + c + 3]!];
    const [d0, d1, d2, d3] = [w[r3 + c]!, w[r3 + c + 1]!, w[r3 + c + 2]!, w[r3 + c + 3]!];
    for (let i = 0, at = from + c * plane; i < plane; i++, at++) {
      const s0 = values[at]!;
      const s1 = values[at + plane]!;
      const s2 = values[at + 2 * plane]!;
      const s3 = values[at + 3 * plane]!;
      const { imul } = Math;
      t0![i] = (t0![i]! + imul(a0, s0) + imul(a1, s1) + imul(a2, s2) + imul(a3, s3)) | 0;
      t1![i] = (t1![i]! + imul(b0, s0) + imul(b1, s1) + imul(b2, s2) + imul(b3, s3)) | 0;
      t2![i] = (t2![i]! + imul(c0, s0) + imul(c1, s1) + imul(c2, s2) + imul(c3, s3)) | 0;
      t3![i] = (t3![i]! + imul(d0, s0) + imul(d1, s1) + imul(d2, s2) + imul(d3, s3)) | 0;
    }
  }
  for (; c < channels; c++)
    for (let i = 0, at = from + c * plane; i < plane; i++, at++) {
      const level = values[at]!;
      t0![i]! += Math.imul(w[r0 + c]!, level);
      t1![i]! += Math.imul(w[r1 + c]!, level);
      t2![i]! += Math.imul(w[r2 + c]!, level);
      t3![i]! += Math.imul(w[r3 + c]!, level);
    }
}

function round(total: Int32Array, shift: number, foretold: Uint8Array, to: number): void {
  const half = shift > 0 ? 1 << (shift - 1) : 0;
  for (let i = 0; i < total.length; i++) foretold[to + i] = clamp((total[i]! + half) >> shift);
}

function roundWide(total: Float64Array, shift: number, foretold: Uint8Array, to: number): void {
  const unit = 2 ** -shift;
  for (let i = 0; i < total.length; i++) foretold[to + i] = clamp(Math.floor(total[i]! * unit + 0.5));
}

/** Over the (2n + 1)² neighbours in the same channel, 0 outside the map: [P, C, H, W] → the same. */
export function filter(source: Levels, linear: Linear): Uint8Array {
  const { shape, values } = source;
  const [probes, channels, height, width] = shape;
  const { reach, weights, bias, shift } = linear;
  const side = 2 * reach + 1;
  const plane = height * width;
  // Room for the neighbours, and for three places after each row's last: places are taken by fours.
  const stride = width + 2 * reach + 3;
  const small = areSmall(linear);
  const padded = new Int32Array(stride * (height + 2 * reach));
  const foretold = new Uint8Array(values.length);
  const total = new Float64Array(plane);
  for (let map = 0; map < probes * channels; map++) {
    const from = map * plane;
    const channel = map % channels;
    for (let y = 0; y < height; y++)
      for (let x = 0, to = (y + reach) * stride + reach; x < width; x++)
        padded[to + x] = values[from + y * width + x]!;
    const first = channel * side * side;
    if (small)
      filterMap(padded, stride, height, width, weights, first, bias[channel]!, linear, foretold, from);
    else {
      for (let i = 0; i < plane; i++) {
        const corner = Math.floor(i / width) * stride + (i % width);
        total[i] = bias[channel]!;
        for (let k = 0; k < side * side; k++)
          total[i]! += weights[first + k]! * padded[corner + Math.floor(k / side) * stride + (k % side)]!;
      }
      roundWide(total, shift, foretold, from);
    }
  }
  return foretold;
}

/** One map of `filter`: four places of a row share what is read. */
function filterMap(
  padded: Int32Array,
  stride: number,
  height: number,
  width: number,
  weights: Int32Array,
  first: number,
  bias: number,
  { reach, shift }: Linear,
  foretold: Uint8Array,
  from: number,
): void {
  const side = 2 * reach + 1;
  const start = (bias + (shift > 0 ? 1 << (shift - 1) : 0)) | 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x += 4) {
      let t0 = start;
      let t1 = start;
      let t2 = start;
      let t3 = start;
      for (let dy = 0, k = first; dy < side; dy++) {
        let at = (y + dy) * stride + x;
        let v0 = padded[at]!;
        let v1 = padded[at + 1]!;
        let v2 = padded[at + 2]!;
        for (at += 3; at < (y + dy) * stride + x + 3 + side; at++, k++) {
          const v3 = padded[at]!;
          const weight = weights[k]!;
          t0 = (t0 + Math.imul(weight, v0)) | 0;
          t1 = (t1 + Math.imul(weight, v1)) | 0;
          t2 = (t2 + Math.imul(weight, v2)) | 0;
          t3 = (t3 + Math.imul(weight, v3)) | 0;
          v0 = v1;
          v1 = v2;
          v2 = v3;
        }
      }
      const to = from + y * width + x;
      foretold[to] = clamp(t0 >> shift);
      if (x + 1 < width) foretold[to + 1] = clamp(t1 >> shift);
      if (x + 2 < width) foretold[to + 2] = clamp(t2 >> shift);
      if (x + 3 < width) foretold[to + 3] = clamp(t3 >> shift);
    }
}
