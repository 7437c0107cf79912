/**
 * One tap foretold from another as a weighted sum: the 1×1 convolution of a pair (`mix`, over the source's channels) and
 * the series activation (`filter`, over (2n + 1)² neighbours in the same channel), both with their BN folded in, act on
 * levels as they do on values. Weights are found by least squares over the frame itself and stored with it, so that a
 * snapshot can be read without the network's weights.
 *
 * Stored weights are integers in units of 2^-shift and levels are integers: sums are exact, in any order.
 */
import type { FrameTap } from '../../../shared/frame.ts';
import { factorise, products, solveRounded } from './solve.ts';

export interface Linear {
  by: 'mix' | 'filter';
  /** n of (2n + 1)² neighbours; 0 for `mix`. */
  reach: number;
  shift: number;
  /** Integers [D, K], and [D]. */
  weights: Int32Array;
  bias: Int32Array;
}

type U8Tap = FrameTap & { values: Uint8Array };

/** Samples that weights are fitted to: more cost time and hardly better them. */
const ENOUGH = 800;
const ENOUGH_EACH = 8;

/** Weights of one output channel. */
export function weightsEach(by: 'mix' | 'filter', reach: number, channels: number): number {
  return by === 'mix' ? channels : (2 * reach + 1) ** 2;
}

/** Levels [P, C, H, W] of one channel → [P·H·W]. */
function channelOf(tap: U8Tap, channel: number, into: Float64Array): void {
  const [probes, channels, height, width] = tap.shape;
  const plane = height * width;
  for (let p = 0; p < probes; p++) {
    const from = (p * channels + channel) * plane;
    for (let i = 0; i < plane; i++) into[p * plane + i] = tap.values[from + i]!;
  }
}

/** Rows of inputs [1 + K, N] of the source that the output channel is a weighted sum of; the first is of ones. */
function inputs(source: U8Tap, by: 'mix' | 'filter', reach: number, channel: number): Float64Array {
  const [probes, channels, height, width] = source.shape;
  const plane = height * width;
  const count = probes * plane;
  const k = weightsEach(by, reach, channels);
  const rows = new Float64Array((1 + k) * count).fill(1, 0, count);
  if (by === 'mix') {
    for (let c = 0; c < channels; c++) channelOf(source, c, rows.subarray((c + 1) * count, (c + 2) * count));
    return rows;
  }
  for (let dy = -reach, row = 1; dy <= reach; dy++)
    for (let dx = -reach; dx <= reach; dx++, row++)
      for (let p = 0; p < probes; p++)
        for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
          const to = row * count + p * plane + y * width;
          const from = (p * channels + channel) * plane + (y + dy) * width + dx;
          for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++)
            rows[to + x] = source.values[from + x]!;
        }
  return rows;
}

/** Adds the weighted sums of one output channel, in units of 2^-shift, to total [P·H·W]; exact in any order. */
function accumulate(
  source: U8Tap,
  { by, reach }: Pick<Linear, 'by' | 'reach'>,
  channel: number,
  weights: Int32Array,
  total: Float64Array,
): void {
  const [probes, channels, height, width] = source.shape;
  const { values } = source;
  const plane = height * width;
  const side = 2 * reach + 1;
  for (let k = 0; k < weights.length; k++) {
    const weight = weights[k]!;
    if (weight === 0) continue;
    const dy = by === 'mix' ? 0 : Math.floor(k / side) - reach;
    const dx = by === 'mix' ? 0 : (k % side) - reach;
    const from = by === 'mix' ? k : channel;
    const left = Math.max(0, -dx);
    const right = Math.min(width, width - dx);
    for (let p = 0; p < probes; p++)
      for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
        let to = p * plane + y * width + left;
        let at = (p * channels + from) * plane + (y + dy) * width + dx + left;
        for (const end = to + right - left; to < end;) total[to++]! += weight * values[at++]!;
      }
  }
}

/** Levels of a tap of `shape` as the weights foretell them. */
export function foretellLinear(source: FrameTap, shape: FrameTap['shape'], linear: Linear): Uint8Array {
  const [probes, channels, height, width] = shape;
  const plane = height * width;
  const foretold = new Uint8Array(probes * channels * plane);
  const total = new Float64Array(probes * plane);
  const { by, reach, shift, weights, bias } = linear;
  const each = weightsEach(by, reach, source.shape[1]);
  const unit = 2 ** -shift;
  for (let c = 0; c < channels; c++) {
    total.fill(bias[c]!);
    accumulate(source as U8Tap, { by, reach }, c, weights.subarray(c * each, (c + 1) * each), total);
    for (let p = 0; p < probes; p++) {
      const to = (p * channels + c) * plane;
      for (let i = 0; i < plane; i++) {
        const level = Math.floor(total[p * plane + i]! * unit + 0.5);
        foretold[to + i] = level > 255 ? 255 : level > 0 ? level : 0;
      }
    }
  }
  return foretold;
}

/** Every nth of the samples of each row [K, N]. */
function thin(rows: Float64Array, k: number, every: number): Float64Array {
  if (every === 1) return rows;
  const count = rows.length / k;
  const kept = Math.ceil(count / every);
  const thinned = new Float64Array(k * kept);
  for (let row = 0; row < k; row++)
    for (let i = 0; i < kept; i++) thinned[row * kept + i] = rows[row * count + i * every]!;
  return thinned;
}

/** The best weights of a form for each of several units 2^-shift. */
export function fitLinear(
  source: FrameTap,
  target: FrameTap,
  by: 'mix' | 'filter',
  reach: number,
  shifts: readonly number[],
): Linear[] {
  const [probes, channels, height, width] = target.shape;
  const count = probes * height * width;
  const each = weightsEach(by, reach, source.shape[1]);
  const k = each + 1;
  const every = Math.max(1, Math.floor(count / Math.max(ENOUGH, ENOUGH_EACH * k)));
  const found = shifts.map((shift) => ({
    ...{ by, reach, shift },
    weights: new Int32Array(channels * each),
    bias: new Int32Array(channels),
  }));
  /** Fits `some` channels from `first` on, which share their inputs. */
  const fit = (first: number, some: number): void => {
    const rows = thin(inputs(source as U8Tap, by, reach, first), k, every);
    const levels = new Float64Array(some * count);
    for (let i = 0; i < some; i++)
      channelOf(target as U8Tap, first + i, levels.subarray(i * count, (i + 1) * count));
    const right = products(rows, k, thin(levels, some, every), some);
    const factor = products(rows, k, rows, k, true);
    factorise(factor, k);
    for (const { shift, weights, bias } of found)
      for (let i = 0; i < some; i++) {
        const x = solveRounded(factor, right.subarray(i * k, (i + 1) * k), k, shift);
        bias[first + i] = x[0]!;
        weights.set(x.subarray(1), (first + i) * each);
      }
  };
  if (by === 'mix') fit(0, channels);
  else for (let c = 0; c < channels; c++) fit(c, 1);
  return found;
}
