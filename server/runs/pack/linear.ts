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
import { filter, mix } from './sums.ts';

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

/** Levels of the source's probes as the weights foretell them: [P, C, H, W] → [P, D, H, W]. */
export function foretellLinear(source: FrameTap, linear: Linear): Uint8Array {
  return linear.by === 'mix' ? mix(source as U8Tap, linear) : filter(source as U8Tap, linear);
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
