/**
 * One tap foretold from another as a weighted sum: the 1×1 convolution of a pair (`mix`, over the source's channels) and
 * the series activation (`filter`, over (2n + 1)² neighbours in the same channel), both with their BN folded in, act on
 * levels as they do on values. Weights are found by least squares over the frame itself and stored with it, so that a
 * snapshot can be read without the network's weights.
 *
 * Stored weights are integers in units of 2^-shift and levels are integers: sums are exact, in any order.
 */
import type { FrameTap } from '../../../shared/frame.ts';
import { gramOfShifts, momentsOfShifts, products } from './moments.ts';
import { factorise, solveRounded } from './solve.ts';

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

/** Adds to total [P·H·W] the levels of all channels times their weights, in units of 2^-shift; exact in any order. */
function addChannels(source: U8Tap, weights: Int32Array, total: Float64Array): void {
  const [probes, channels, height, width] = source.shape;
  const { values } = source;
  const plane = height * width;
  // Four channels at a time: the total is read and written once for all of them.
  const fours = channels - (channels % 4);
  for (let c = 0; c < fours; c += 4)
    for (let p = 0; p < probes; p++) {
      let at = (p * channels + c) * plane;
      for (let to = p * plane, end = to + plane; to < end; to++, at++)
        total[to]! +=
          weights[c]! * values[at]! +
          weights[c + 1]! * values[at + plane]! +
          weights[c + 2]! * values[at + 2 * plane]! +
          weights[c + 3]! * values[at + 3 * plane]!;
    }
  for (let c = fours; c < channels; c++)
    for (let p = 0; p < probes; p++)
      for (let to = p * plane, end = to + plane, at = (p * channels + c) * plane; to < end; to++, at++)
        total[to]! += weights[c]! * values[at]!;
}

/** Adds to total [P·H·W] the levels around each place in one channel times their weights; likewise exact. */
function addNeighbours(
  source: U8Tap,
  reach: number,
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
    const dy = Math.floor(k / side) - reach;
    const dx = (k % side) - reach;
    const left = Math.max(0, -dx);
    const right = Math.min(width, width - dx);
    for (let p = 0; p < probes; p++)
      for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
        let to = p * plane + y * width + left;
        let at = (p * channels + channel) * plane + (y + dy) * width + dx + left;
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
    const own = weights.subarray(c * each, (c + 1) * each);
    if (by === 'mix') addChannels(source as U8Tap, own, total);
    else addNeighbours(source as U8Tap, reach, c, own, total);
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

/** Levels [P·H·W] of all channels, a row each, every nth of them; after a row of ones where `bias`. */
function rowsOf(tap: U8Tap, every: number, bias: boolean): Float64Array {
  const [probes, channels, height, width] = tap.shape;
  const count = probes * height * width;
  const kept = Math.ceil(count / every);
  const rows = new Float64Array((channels + (bias ? 1 : 0)) * kept);
  if (bias) rows.fill(1, 0, kept);
  const all = new Float64Array(count);
  for (let c = 0, to = bias ? kept : 0; c < channels; c++) {
    channelOf(tap, c, all);
    for (let i = 0; i < count; i += every) rows[to++] = all[i]!;
  }
  return rows;
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
  const found = shifts.map((shift) => ({
    ...{ by, reach, shift },
    weights: new Int32Array(channels * each),
    bias: new Int32Array(channels),
  }));
  const keep = (channel: number, gram: Float64Array, right: Float64Array): void => {
    for (const { shift, weights, bias } of found) {
      const x = solveRounded(gram, right, k, shift);
      bias[channel] = x[0]!;
      weights.set(x.subarray(1), channel * each);
    }
  };
  if (by === 'mix') {
    const every = Math.max(1, Math.floor(count / Math.max(ENOUGH, ENOUGH_EACH * k)));
    const rows = rowsOf(source as U8Tap, every, true);
    const right = products(rows, k, rowsOf(target as U8Tap, every, false), channels);
    const gram = products(rows, k, rows, k, true);
    factorise(gram, k);
    for (let c = 0; c < channels; c++) keep(c, gram, right.subarray(c * k, (c + 1) * k));
    return found;
  }
  const maps = { levels: new Float64Array(count), probes, height, width };
  const wanted = new Float64Array(count);
  for (let c = 0; c < channels; c++) {
    channelOf(source as U8Tap, c, maps.levels);
    channelOf(target as U8Tap, c, wanted);
    const gram = gramOfShifts(maps, reach);
    factorise(gram, k);
    keep(c, gram, momentsOfShifts(maps, reach, wanted));
  }
  return found;
}
