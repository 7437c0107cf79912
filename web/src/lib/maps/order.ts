/** In which order the channels of a tap are shown, and which are left out. */
import { ScopeError } from '../../../../shared/errors.ts';
import {
  contrast,
  deadFraction,
  entropy,
  meanAbsoluteDifference,
  totalVariation,
} from '../../../../shared/measures.ts';
import { valuesOf, type Recording } from '../painting/tapValues.ts';
import type { Sort } from '../view.ts';
import { nearestDuplicates } from './duplicates.ts';

/** The number that channels are sorted by, and for duplicates the other channel of the pair. */
export interface ChannelKeys {
  sort: Sort;
  /** [C]; NaN where it is not known or makes no sense. Null where the order is that of the channels. */
  values: Float64Array | null;
  twins: Int32Array | null;
}

export interface ChannelOrder extends ChannelKeys {
  channels: readonly number[];
  /** How many dead channels are left out. */
  hidden: number;
}

export interface OrderOptions {
  sort: Sort;
  /** Leaves out the channels that are dead on every probe of the recording's frame. */
  alive: boolean;
  /** Whether the tap's values can be negative. */
  signed: boolean;
  /** The same tap at another moment, for what changed most; null where there is none. */
  reference: Recording | null;
}

const NO_KEYS = { values: null, twins: null };

/** Share (0 to 1) of the frame's probes on which each channel [C] is dead: never above zero after a ReLU; where
 * values can be negative, one and the same at every pixel, which is what a series makes of a ReLU that never fires. */
export function deadShares({ tap }: Pick<Recording, 'tap'>, signed: boolean): Float64Array {
  const [probes, channels, height, width] = tap.shape;
  const plane = height * width;
  const shares = new Float64Array(channels);
  if (signed && plane === 1) return shares; // a vector has nothing to be constant over
  // What one channel is on each probe takes the place of channels: [1, P, H, W].
  const firing = new Float32Array(probes * plane);
  for (let c = 0; c < channels; c++) {
    const low = tap.encoding === 'u8' ? tap.minimum[c]! : 0;
    const step = tap.encoding === 'u8' ? (tap.maximum[c]! - low) / 255 : 1;
    const rest = signed ? flatValue(tap, c) : 0;
    for (let p = 0; p < probes; p++) {
      const from = (p * channels + c) * plane;
      for (let i = 0; i < plane; i++) {
        const raw = tap.values[from + i]!;
        firing[p * plane + i] = signed ? Math.abs(raw - rest) : low + raw * step;
      }
    }
    shares[c] = Number.isNaN(rest) ? 0 : deadFraction(firing, [1, probes, height, width]);
  }
  return shares;
}

/** The value, as recorded, of the first probe on which a channel is the same at every pixel; NaN where it never is. */
function flatValue(tap: Recording['tap'], channel: number): number {
  const [probes, channels, height, width] = tap.shape;
  const plane = height * width;
  for (let p = 0; p < probes; p++) {
    const from = (p * channels + channel) * plane;
    const map = tap.values.subarray(from, from + plane);
    if (map.every((value) => value === map[0])) return map[0]!;
  }
  return Number.NaN;
}

/** The keys of every channel of one probe. Throws INVALID_FRAME where the reference has another shape. */
export function channelKeys(
  recording: Recording,
  { sort, signed, reference }: Pick<OrderOptions, 'sort' | 'signed' | 'reference'>,
): ChannelKeys {
  const [, channels, height, width] = recording.tap.shape;
  const plane = height * width;
  if (sort === 'index') return { sort, ...NO_KEYS };
  if (sort === 'deadFraction') return { sort, values: deadShares(recording, signed), twins: null };
  const maps = valuesOf(recording);
  if (sort === 'duplicate') {
    // Single values are alike or opposite, whatever they are: only maps can be duplicates.
    if (plane === 1) return { sort, values: new Float64Array(channels).fill(Number.NaN), twins: null };
    return { sort, ...nearestDuplicates(maps, channels) };
  }
  const before = sort === 'changed' && reference ? valuesOf(reference) : null;
  if (before && before.length !== maps.length)
    throw new ScopeError(
      'INVALID_FRAME',
      `tap ${recording.tap.id}: maps of [${recording.tap.shape.slice(1).join(', ')}] can't be compared with [${reference!.tap.shape.slice(1).join(', ')}]`,
      { field: recording.tap.id },
    );
  const values = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    const map = maps.subarray(c * plane, (c + 1) * plane);
    if (sort === 'contrast') values[c] = plane > 1 ? contrast(map) : Math.abs(map[0]!);
    else if (sort === 'totalVariation') values[c] = totalVariation(map, height, width);
    else if (sort === 'entropy') values[c] = entropy(map);
    else
      values[c] = before
        ? meanAbsoluteDifference(before.subarray(c * plane, (c + 1) * plane), map)
        : Number.NaN;
  }
  return { sort, values, twins: null };
}

/** Largest key first, equal ones and those without a key in their own order; the channels' own order where nothing is
 * recorded yet. */
export function orderChannels(
  recording: Recording | null,
  channels: number,
  options: OrderOptions,
): ChannelOrder {
  const all = Array.from({ length: channels }, (_, c) => c);
  if (!recording || recording.tap.shape[1] !== channels)
    return { sort: options.sort, ...NO_KEYS, channels: all, hidden: 0 };
  const keys = channelKeys(recording, options);
  const dead = options.alive ? deadShares(recording, options.signed) : null;
  const kept = dead ? all.filter((c) => dead[c] !== 1) : all;
  const { values } = keys;
  if (values) {
    const size = (c: number): number => (Number.isNaN(values[c]) ? -Infinity : values[c]!);
    kept.sort((a, b) => {
      const [x, y] = [size(a), size(b)];
      return x === y ? a - b : y > x ? 1 : -1;
    });
  }
  return { ...keys, channels: kept, hidden: channels - kept.length };
}
