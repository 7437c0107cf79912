/**
 * One tap foretold from another of its block: the annealed activation, the ReLU, max-pooling and the average over a map
 * are known functions, so that only what rounding to levels has changed is left to store.
 *
 * Levels become values, and values levels, in double arithmetic of + - × ÷ and comparisons alone: every platform
 * foretells the same. A wrong guess costs bytes, never values.
 */
import { channelRange, type FrameTap } from '../../../shared/frame.ts';

/** λ·ReLU(x) + (1 - λ)·x of the source's values, their ReLU, the maximum of a window, the mean of a map. */
export type Pointwise = 'annealed' | 'relu' | 'pool' | 'mean';

/** What is known of a tap before its values are. */
export type Target = Omit<FrameTap, 'values'>;

const LEVELS = 256;
const clampLevel = (level: number): number => (level > 255 ? 255 : level > 0 ? level : 0);

/** The level of a value in a range; 0 in a range that is none. */
export function levelOf(value: number, low: number, high: number): number {
  const range = high - low;
  return range > 0 && range < Infinity ? clampLevel(Math.round((value - low) * (255 / range))) : 0;
}

/** NaN, whose bits differ from platform to platform, is foretold as 0. */
const known = (value: number): number => (Number.isNaN(value) ? 0 : value);

function functionOf(by: Pointwise, lambda: number): (value: number) => number {
  // The slope as the backends have it, a float32.
  const slope = Math.fround(1 - lambda);
  if (by === 'annealed') return (value) => (value > 0 ? value : known(slope * value));
  if (by === 'relu') return (value) => (value > 0 ? value : 0);
  return known;
}

/** The target's range per channel [C], as its source's range tells it. */
export function foretellRange(source: FrameTap, by: Pointwise, lambda: number): [Float32Array, Float32Array] {
  const apply = functionOf(by, lambda);
  const { shape, encoding, values, minimum, maximum } = source;
  const [low, high] = encoding === 'f32' ? channelRange(shape, values as Float32Array) : [minimum, maximum];
  return [low.map(apply), high.map(apply)];
}

/** The source's values [P, C, H, W] → [P, C, h, w] by the maximum of windows of size × size, or the mean of all. */
function reduce(source: FrameTap, target: Target, by: 'pool' | 'mean', size: number): Float64Array {
  const [, channels, height, width] = source.shape;
  const [probes, , rows, columns] = target.shape;
  const { values } = source;
  const reduced = new Float64Array(probes * channels * rows * columns);
  let at = 0;
  for (let plane = 0; plane < probes * channels; plane++) {
    const from = plane * height * width;
    if (by === 'mean') {
      let sum = 0;
      for (let i = 0; i < height * width; i++) sum += values[from + i]!;
      reduced[at++] = sum / (height * width);
      continue;
    }
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) {
        const corner = from + y * size * width + x * size;
        let most = -Infinity;
        for (let dy = 0; dy < size; dy++)
          for (let dx = 0; dx < size; dx++) {
            const value = values[corner + dy * width + dx]!;
            if (value > most) most = value;
          }
        reduced[at++] = most;
      }
  }
  return reduced;
}

/** The target's values as its source tells them: levels for `u8`, values for `f32`. `size` is the pooling's window. */
export function foretell(
  source: FrameTap,
  target: Target,
  by: Pointwise,
  lambda: number,
  size = 1,
): Uint8Array | Float32Array {
  const [probes, channels, height, width] = target.shape;
  const plane = height * width;
  // Levels keep the order of values: a window's maximum can be taken of them, and so can a mean.
  const levels = by === 'pool' || by === 'mean' ? reduce(source, target, by, size) : source.values;
  const apply = functionOf(by, lambda);
  const foretold = target.encoding === 'u8' ? new Uint8Array(levels.length) : new Float32Array(levels.length);
  // A table is worth it where a channel has more levels than there are.
  const tabled =
    source.encoding === 'u8' && target.encoding === 'u8' && by !== 'mean' && probes * plane >= LEVELS;
  const table = new Uint8Array(LEVELS);
  let [low, step, minimum, maximum] = [0, 1, 0, 0];
  const value = (level: number): number => apply(low + level * step);
  const level = (of: number): number => levelOf(value(of), minimum, maximum);
  for (let c = 0; c < channels; c++) {
    if (source.encoding === 'u8') {
      low = source.minimum[c]!;
      step = (source.maximum[c]! - low) / 255;
    }
    minimum = target.minimum[c]!;
    maximum = target.maximum[c]!;
    if (tabled) for (let i = 0; i < LEVELS; i++) table[i] = level(i);
    for (let p = 0; p < probes; p++) {
      const from = (p * channels + c) * plane;
      const end = from + plane;
      if (tabled) for (let i = from; i < end; i++) foretold[i] = table[levels[i]!]!;
      else if (target.encoding === 'u8') for (let i = from; i < end; i++) foretold[i] = level(levels[i]!);
      else for (let i = from; i < end; i++) foretold[i] = value(levels[i]!);
    }
  }
  return foretold;
}
