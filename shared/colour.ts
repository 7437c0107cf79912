/** What a colour stands for: colour maps by name, the value range that each channel is drawn on, normalisation. The
 * 256 colours themselves are built in the browser from d3's interpolators; here is only arithmetic. */
import { ScopeError } from './errors.ts';
import type { FrameTap } from './frame.ts';

/** `viridis`, `magma` and `grey` are sequential, from zero up; `diverging` is centred on zero. Never jet: it paints
 * edges where the data has none (Borland and Taylor, 2007). */
export const COLOUR_MAPS = ['viridis', 'magma', 'grey', 'diverging'] as const;
export type ColourMapId = (typeof COLOUR_MAPS)[number];

/** `channel`: each channel on its own range; `block`: one range for all channels. */
export const RANGE_MODES = ['channel', 'block'] as const;
export type RangeMode = (typeof RANGE_MODES)[number];

export interface ScaleOptions {
  mode: RangeMode;
  /** True for signed values: the range is symmetric around zero. False: it begins at zero. */
  centred: boolean;
  /** Largest share of the values (0 to below 1) that may lie beyond the range, those of greatest magnitude. */
  clip: number;
}

/** The range that each channel is drawn on. */
export interface Scale extends ScaleOptions {
  /** [C]; low < high always: a channel that is zero everywhere gets a range of extent 1. */
  low: Float32Array;
  high: Float32Array;
  /** Share of all values that lie beyond their channel's range, 0 to 1. */
  clipped: number;
}

/** Resolution of the magnitudes' histogram from which percentiles are read. */
const BINS = 2048;

/** Calls `visit` with every value of one channel, over all probes of the tap. */
function eachValue(tap: FrameTap, channel: number, visit: (value: number) => void): void {
  const [probes, channels, height, width] = tap.shape;
  const plane = height * width;
  const low = tap.encoding === 'u8' ? tap.minimum[channel]! : 0;
  const step = tap.encoding === 'u8' ? (tap.maximum[channel]! - low) / 255 : 1;
  for (let p = 0; p < probes; p++) {
    const start = (p * channels + channel) * plane;
    for (let i = start; i < start + plane; i++) visit(low + tap.values[i]! * step);
  }
}

/** The smallest bin edge within [0, largest] that at most a share `clip` of the magnitudes exceeds. */
function clippedMagnitude(
  taps: readonly FrameTap[],
  channels: readonly number[],
  largest: number,
  clip: number,
): number {
  const counts = new Uint32Array(BINS);
  let total = 0;
  for (const tap of taps)
    for (const channel of channels)
      eachValue(tap, channel, (value) => {
        counts[Math.min(BINS - 1, Math.floor((Math.abs(value) / largest) * BINS))]!++;
        total++;
      });
  let beyond = 0;
  for (let bin = BINS - 1; bin > 0; bin--) {
    beyond += counts[bin]!;
    if (beyond > clip * total) return (largest * (bin + 1)) / BINS;
  }
  return largest / BINS;
}

/** Share (0 to 1) of the taps' values that lie beyond their channel's range, `low` to `high` [C]. */
export function clippedShare(taps: readonly FrameTap[], low: Float32Array, high: Float32Array): number {
  let beyond = 0;
  let total = 0;
  for (const tap of taps)
    for (let channel = 0; channel < low.length; channel++) {
      // A quantised value is rounded to float64, a range to float32: forgive the difference.
      const slack = 1e-6 * (high[channel]! - low[channel]!);
      eachValue(tap, channel, (value) => {
        if (value < low[channel]! - slack || value > high[channel]! + slack) beyond++;
        total++;
      });
    }
  return total > 0 ? beyond / total : 0;
}

/**
 * The scale on which one tap, or several that are to be compared (then it is locked: common to all of them), are
 * drawn. Ranges cover all probes of the frames, so that the probes can be compared as well.
 * Taps must have the same channels; throws INVALID_FRAME where they have not.
 */
export function scaleOf(taps: readonly FrameTap[], options: ScaleOptions): Scale {
  const channels = taps[0]?.shape[1] ?? 0;
  const other = taps.find((tap) => tap.shape[1] !== channels);
  if (other)
    throw new ScopeError(
      'INVALID_FRAME',
      `taps ${taps[0]!.id} and ${other.id} can't share a scale: they have ${channels} and ${other.shape[1]} channels`,
      { field: other.id },
    );
  if (!(options.clip >= 0 && options.clip < 1))
    throw new ScopeError('INVALID_CONFIG', `clip is ${options.clip}; 0 to below 1 is valid`, {
      field: 'clip',
    });
  const low = new Float32Array(channels);
  const high = new Float32Array(channels);
  const every = Array.from({ length: channels }, (_, c) => c);
  const groups = options.mode === 'channel' ? every.map((c) => [c]) : [every];
  for (const group of groups) {
    let least = 0;
    let largest = 0;
    for (const tap of taps)
      for (const c of group) {
        least = Math.min(least, tap.minimum[c]!);
        largest = Math.max(largest, Math.abs(tap.minimum[c]!), Math.abs(tap.maximum[c]!));
      }
    const top =
      largest === 0 ? 1 : options.clip > 0 ? clippedMagnitude(taps, group, largest, options.clip) : largest;
    for (const c of group) {
      low[c] = options.centred ? -top : Math.max(least, -top);
      high[c] = top;
    }
  }
  return { ...options, low, high, clipped: options.clip > 0 ? clippedShare(taps, low, high) : 0 };
}

/** Where a value stands in a range, 0 to 1; values beyond it are clipped to its ends. */
export function normalise(value: number, low: number, high: number): number {
  const t = (value - low) / (high - low);
  return t <= 0 ? 0 : t >= 1 ? 1 : t;
}

/** The colour map that suits a tap: zero-centred for signed values, sequential after a ReLU. */
export function defaultColourMap(signed: boolean): ColourMapId {
  return signed ? 'diverging' : 'viridis';
}
