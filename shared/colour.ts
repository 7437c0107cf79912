/** What a colour stands for: colour maps by name, the value range that each channel is drawn on, normalisation. The
 * 256 colours themselves are built in the browser from d3's interpolators; here is only arithmetic. */
import { ScopeError } from './errors.ts';
import type { FrameTap } from './frame.ts';

/** `viridis`, `magma` and `grey` are sequential, from zero up; `diverging` is centred on zero. Never jet: it paints
 * edges where the data has none (Borland and Taylor, 2007). */
export const COLOUR_MAPS = ['viridis', 'magma', 'grey', 'diverging'] as const;
export type ColourMapId = (typeof COLOUR_MAPS)[number];

/** `channel`: each channel on its own range; `block`: one range for all channels; `network`: one for all blocks. */
export const RANGE_MODES = ['channel', 'block', 'network'] as const;
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

/** What is drawn: one probe of a tap, by its place in the tap's values; without a place all its probes. */
export interface ScaleSource {
  tap: FrameTap;
  position?: number;
}

/** Calls `visit` with every value of one channel. */
function eachValue({ tap, position }: ScaleSource, channel: number, visit: (value: number) => void): void {
  const [probes, channels, height, width] = tap.shape;
  const plane = height * width;
  const low = tap.encoding === 'u8' ? tap.minimum[channel]! : 0;
  const step = tap.encoding === 'u8' ? (tap.maximum[channel]! - low) / 255 : 1;
  const last = position ?? probes - 1;
  for (let p = position ?? 0; p <= last; p++) {
    const start = (p * channels + channel) * plane;
    for (let i = start; i < start + plane; i++) visit(low + tap.values[i]! * step);
  }
}

/** Smallest and largest value of one channel. */
export function extentOf({ tap, position }: ScaleSource, channel: number): [low: number, high: number] {
  if (position === undefined) return [tap.minimum[channel]!, tap.maximum[channel]!];
  const [, channels, height, width] = tap.shape;
  const start = (position * channels + channel) * height * width;
  let low = Infinity;
  let high = -Infinity;
  for (let i = start; i < start + height * width; i++) {
    const value = tap.values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (tap.encoding === 'f32') return [low, high];
  const base = tap.minimum[channel]!;
  const step = (tap.maximum[channel]! - base) / 255;
  return [base + low * step, base + high * step];
}

/** The smallest bin edge within [0, largest] that at most a share `clip` of the magnitudes exceeds. */
function clippedMagnitude(
  sources: readonly ScaleSource[],
  channels: readonly number[],
  largest: number,
  clip: number,
): number {
  const counts = new Uint32Array(BINS);
  let total = 0;
  for (const source of sources)
    for (const channel of channels)
      eachValue(source, channel, (value) => {
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

/** Share (0 to 1) of the sources' values that lie beyond their channel's range, `low` to `high` [C]. */
export function clippedShare(sources: readonly ScaleSource[], low: Float32Array, high: Float32Array): number {
  let beyond = 0;
  let total = 0;
  for (const source of sources)
    for (let channel = 0; channel < low.length; channel++) {
      // A quantised value is rounded to float64, a range to float32: forgive the difference.
      const slack = 1e-6 * (high[channel]! - low[channel]!);
      eachValue(source, channel, (value) => {
        if (value < low[channel]! - slack || value > high[channel]! + slack) beyond++;
        total++;
      });
    }
  return total > 0 ? beyond / total : 0;
}

/** How far values reach: the smallest, at most 0, and the largest, at least 0, of each channel [C]. Reaches of several
 * moments or blocks can be united, and a scale is made of what comes out. */
export interface Reach {
  least: Float32Array;
  most: Float32Array;
}

/** The reach of sources with the same channels, each channel's own or, by block and network, the same for all; without
 * the share `clip` of greatest magnitude. Throws INVALID_FRAME where the channels differ. */
export function reachOf(
  sources: readonly ScaleSource[],
  { mode, clip }: Pick<ScaleOptions, 'mode' | 'clip'>,
): Reach {
  const first = sources[0]?.tap;
  const channels = first?.shape[1] ?? 0;
  const other = sources.find(({ tap }) => tap.shape[1] !== channels)?.tap;
  if (first && other)
    throw new ScopeError(
      'INVALID_FRAME',
      `taps ${first.id} and ${other.id} can't share a scale: they have ${channels} and ${other.shape[1]} channels`,
      { field: other.id },
    );
  if (!(clip >= 0 && clip < 1))
    throw new ScopeError('INVALID_CONFIG', `clip is ${clip}; 0 to below 1 is valid`, { field: 'clip' });
  const reach: Reach = { least: new Float32Array(channels), most: new Float32Array(channels) };
  const every = Array.from({ length: channels }, (_, c) => c);
  const groups = mode === 'channel' ? every.map((c) => [c]) : [every];
  for (const group of groups) {
    let least = 0;
    let most = 0;
    for (const source of sources)
      for (const c of group) {
        const [smallest, greatest] = extentOf(source, c);
        least = Math.min(least, smallest);
        most = Math.max(most, greatest);
      }
    const largest = Math.max(-least, most);
    const top = clip > 0 && largest > 0 ? clippedMagnitude(sources, group, largest, clip) : largest;
    for (const c of group) {
      reach.least[c] = Math.max(least, -top);
      reach.most[c] = Math.min(most, top);
    }
  }
  return reach;
}

/** What all of them reach, channel by channel; they have the same channels. */
export function uniteReaches(reaches: readonly Reach[]): Reach {
  const channels = reaches[0]?.least.length ?? 0;
  const united: Reach = { least: new Float32Array(channels), most: new Float32Array(channels) };
  for (const { least, most } of reaches)
    for (let c = 0; c < channels; c++) {
      united.least[c] = Math.min(united.least[c]!, least[c]!);
      united.most[c] = Math.max(united.most[c]!, most[c]!);
    }
  return united;
}

/** One reach for as many channels: that of all channels of all of them, whose numbers of channels may differ. */
export function commonReach(reaches: readonly Reach[], channels: number): Reach {
  let low = 0;
  let high = 0;
  for (const { least, most } of reaches)
    for (let c = 0; c < least.length; c++) {
      low = Math.min(low, least[c]!);
      high = Math.max(high, most[c]!);
    }
  return { least: new Float32Array(channels).fill(low), most: new Float32Array(channels).fill(high) };
}

/** The scale that shows a reach, and how much of the sources lies beyond it. */
export function scaleOfReach(reach: Reach, sources: readonly ScaleSource[], options: ScaleOptions): Scale {
  const channels = reach.least.length;
  const low = new Float32Array(channels);
  const high = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    const top = Math.max(-reach.least[c]!, reach.most[c]!) || 1;
    low[c] = options.centred ? -top : reach.least[c]!;
    high[c] = top;
  }
  return { ...options, low, high, clipped: options.clip > 0 ? clippedShare(sources, low, high) : 0 };
}

/** The scale on which one source, or several that are to be compared (then it is common to all of them), are drawn.
 * Sources must have the same channels; throws INVALID_FRAME where they have not. */
export function scaleOf(sources: readonly ScaleSource[], options: ScaleOptions): Scale {
  return scaleOfReach(reachOf(sources, options), sources, options);
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
