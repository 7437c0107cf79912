/** How alike two recordings of a tap are, channel by channel. */
import { cosine, meanAbsoluteDifference } from '../../../../shared/measures.ts';
import { valuesOf, type Recording } from '../painting/tapValues.ts';

export interface Likeness {
  /** Of each channel's maps, [C]: NaN where one of the two is zero everywhere. */
  cosine: Float32Array;
  /** Mean of |b - a| of each channel, [C], in the activations' unit. */
  difference: Float32Array;
}

/** Of two recordings of the same shape. */
export function likenessOf(a: Recording, b: Recording): Likeness {
  const [, channels, height, width] = a.tap.shape;
  const plane = height * width;
  const [before, after] = [valuesOf(a), valuesOf(b)];
  const each = (measure: (x: Float32Array, y: Float32Array) => number): Float32Array =>
    Float32Array.from({ length: channels }, (_, c) =>
      measure(before.subarray(c * plane, (c + 1) * plane), after.subarray(c * plane, (c + 1) * plane)),
    );
  return { cosine: each(cosine), difference: each(meanAbsoluteDifference) };
}

/** Of all channels as one vector: single values have no likeness of their own. */
export function wholeLikeness(a: Recording, b: Recording): { cosine: number; difference: number } {
  const [before, after] = [valuesOf(a), valuesOf(b)];
  return { cosine: cosine(before, after), difference: meanAbsoluteDifference(before, after) };
}

/** Channels by how much they changed, the most changed first. */
export function mostChanged({ difference }: Likeness): number[] {
  return Array.from(difference.keys()).sort((x, y) => difference[y]! - difference[x]! || x - y);
}

/** The middle of the numbers that are there; NaN where none is. */
export function median(values: Iterable<number>): number {
  const sorted = [...values].filter((v) => !Number.isNaN(v)).sort((x, y) => x - y);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
