/** Which channel of one run is which of another. Nothing orders the channels of a network: two runs learn alike ones
 * in different places, so that only matched channels can be subtracted (Li et al. 2016, Convergent learning). */
import { munkres } from 'munkres';
import { ScopeError } from '../../../../shared/errors.ts';
import type { FrameTap } from '../../../../shared/frame.ts';
import type { Recording } from '../painting/tapValues.ts';

export interface Matching {
  /** For each channel of the first run, the channel of the second that stands for it. */
  partner: Int32Array;
  /** Pearson's correlation of the two over all probes and places, -1 to 1; 0 where one of them is constant. */
  correlation: Float32Array;
}

/** Each channel's values [P·H·W] with mean 0 and length 1, channel after channel. Correlation does not change with
 * offset and scale, so the levels of a quantised channel serve as they are. */
function standardised({ shape, values }: FrameTap): Float32Array {
  const [probes, channels, height, width] = shape;
  const plane = height * width;
  const length = probes * plane;
  const out = new Float32Array(channels * length);
  for (let c = 0; c < channels; c++) {
    const row = out.subarray(c * length, (c + 1) * length);
    for (let p = 0; p < probes; p++) {
      const from = (p * channels + c) * plane;
      row.set(values.subarray(from, from + plane), p * plane);
    }
    let sum = 0;
    for (const v of row) sum += v;
    const mean = sum / length;
    let squares = 0;
    for (const v of row) squares += (v - mean) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < length; i++) row[i] = (row[i]! - mean) * scale;
  }
  return out;
}

/** Correlation [C, C] of every channel of `a` with every one of `b`, both [P, C, H, W] of the same probes. */
export function correlations(a: FrameTap, b: FrameTap): Float32Array {
  if (a.shape.join() !== b.shape.join())
    throw new ScopeError(
      'INVALID_FRAME',
      `channels of [${b.shape.join(', ')}] can't be matched with those of [${a.shape.join(', ')}]`,
      { field: b.id },
    );
  const channels = a.shape[1];
  const [x, y] = [standardised(a), standardised(b)];
  const length = x.length / channels;
  const out = new Float32Array(channels * channels);
  for (let i = 0; i < channels; i++)
    for (let j = 0; j < channels; j++) {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += x[i * length + k]! * y[j * length + k]!;
      out[i * channels + j] = sum;
    }
  return out;
}

/** The one-to-one matching of the channels with the greatest sum of correlations. */
export function matchChannels(a: FrameTap, b: FrameTap): Matching {
  const channels = a.shape[1];
  const table = correlations(a, b);
  const costs = Array.from({ length: channels }, (_, i) =>
    Array.from(table.subarray(i * channels, (i + 1) * channels), (r) => 1 - r),
  );
  const partner = new Int32Array(channels);
  for (const [i, j] of munkres(costs)) partner[i] = j;
  return { partner, correlation: Float32Array.from(partner, (j, i) => table[i * channels + j]!) };
}

/** One probe's recording with its channels in the order of their partners, as a tap [1, C, H, W]. */
export function reordered({ tap, position }: Recording, partner: Int32Array): Recording {
  const [, channels, height, width] = tap.shape;
  const plane = height * width;
  const values = tap.values.slice(0, channels * plane);
  partner.forEach((from, c) => {
    const start = (position * channels + from) * plane;
    values.set(tap.values.subarray(start, start + plane), c * plane);
  });
  const pick = (range: Float32Array): Float32Array => Float32Array.from(partner, (from) => range[from]!);
  return {
    tap: {
      ...tap,
      shape: [1, channels, height, width],
      minimum: pick(tap.minimum),
      maximum: pick(tap.maximum),
      values,
    },
    position: 0,
  };
}
