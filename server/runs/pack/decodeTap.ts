/** What is stored of a tap → the tap. */
import { channelRange, type FrameEncoding, type FrameTap } from '../../../shared/frame.ts';
import * as bits from './bits.ts';
import { foretellLinear, weightsEach } from './linear.ts';
import { foretell, foretellRange, type Pointwise } from './pointwise.ts';
import { addSpatial, SPATIAL, type Spatial } from './spatial.ts';

/** How a tap is stored; see plan.ts. */
export interface Coding {
  by: string;
  from?: string;
  size?: number;
  shift?: number;
  /** Residuals stand four to a byte. */
  quads?: boolean;
}

export interface CodedShape {
  id: string;
  shape: FrameTap['shape'];
  encoding: FrameEncoding;
}

export const sizeOf = (shape: FrameTap['shape']): number => shape.reduce((a, b) => a * b, 1);

const POINTWISE: readonly string[] = ['annealed', 'relu', 'pool', 'mean'] satisfies Pointwise[];
const LINEAR: readonly string[] = ['mix', 'filter'];
const isSpatial = (by: string): by is Spatial => (SPATIAL as readonly string[]).includes(by);

/** True where this program knows how to undo the coding. */
export function isKnown({ by, from }: Coding): boolean {
  if (from === undefined) return isSpatial(by);
  return POINTWISE.includes(by) || LINEAR.includes(by);
}

/** Ranges [C] that the source tells of; zeros where it tells none. */
export function rangeGuess(
  shape: FrameTap['shape'],
  source: FrameTap | undefined,
  by: string,
  lambda: number,
): [Float32Array, Float32Array] {
  if (source && POINTWISE.includes(by)) return foretellRange(source, by as Pointwise, lambda);
  return [new Float32Array(shape[1]), new Float32Array(shape[1])];
}

/** Bytes that the parts of a tap can take at most. */
export function largestPayload(
  shape: FrameTap['shape'],
  coding: Coding,
  source: FrameTap['shape'] | null,
): number {
  const weights =
    source && LINEAR.includes(coding.by)
      ? shape[1] * (1 + weightsEach(coding.by as 'mix' | 'filter', coding.size ?? 0, source[1]))
      : 0;
  return 8 * shape[1] + 4 * weights + 4 * sizeOf(shape) + 1;
}

/** True where a tap's ranges alone can't be read without the tap that it is foretold from. */
export const needsSource = ({ by }: Coding): boolean => POINTWISE.includes(by);

/** True where only all probes of the source together tell the tap's ranges. */
export const needsAllProbes = (coding: Coding, encoding: FrameEncoding, source: FrameEncoding): boolean =>
  encoding === 'u8' && source === 'f32' && needsSource(coding);

/** What is wanted of a tap and known before it is read. */
export interface Reading {
  /** Places, in ascending order, of the probes that are wanted. With none, the ranges alone are read. */
  kept: readonly number[];
  /** The same probes of the tap that this one is foretold from, where that is needed. */
  source: FrameTap | undefined;
  lambda: number;
}

/** The tap with the probes that are wanted; null where the bytes are not those of such a tap. */
export function decodeTap(
  { id, shape: stored, encoding }: CodedShape,
  coding: Coding,
  bytes: Uint8Array,
  { kept, source, lambda }: Reading,
): FrameTap | null {
  const [count, channels, height, width] = stored;
  const rows: bits.Rows = { count, each: channels * height * width, kept };
  const shape: FrameTap['shape'] = [kept.length, channels, height, width];
  const { by, size = 1 } = coding;
  if (encoding === 'f32') {
    if (bytes.length !== 4 * sizeOf(stored)) return null;
    const empty = new Float32Array(0);
    const target = { id, shape, encoding, minimum: empty, maximum: empty };
    const guess =
      source && kept.length > 0
        ? (foretell(source, target, by as Pointwise, lambda, size) as Float32Array)
        : new Float32Array(sizeOf(shape));
    const values = bits.floatsFromPlanes(bytes, guess, rows);
    const [minimum, maximum] = channelRange(shape, values);
    return { id, shape, encoding, minimum, maximum, values };
  }
  let at = 0;
  const take = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  const [low, high] = rangeGuess(stored, source, by, lambda);
  if (bytes.length < 8 * channels) return null;
  const minimum = bits.floatsFromPlanes(take(4 * channels), low);
  const maximum = bits.floatsFromPlanes(take(4 * channels), high);
  const target = { id, shape, encoding, minimum, maximum };
  if (kept.length === 0) return { ...target, values: new Uint8Array(0) };
  let foretold: Uint8Array | null = null;
  if (source && LINEAR.includes(by)) {
    const form = by as 'mix' | 'filter';
    const reach = coding.size ?? 0;
    const each = weightsEach(form, reach, source.shape[1]);
    if (bytes.length < 8 * channels + 4 * channels * (1 + each)) return null;
    const bias = bits.unfoldPlanes(take(4 * channels));
    const weights = bits.unfoldPlanes(take(4 * channels * each));
    foretold = foretellLinear(source, { by: form, reach, shift: coding.shift ?? 0, weights, bias });
  } else if (source) foretold = foretell(source, target, by as Pointwise, lambda, size) as Uint8Array;
  const values = readResiduals(bytes.subarray(at), rows, coding.quads === true);
  if (!values || (foretold && foretold.length !== values.length)) return null;
  if (foretold) for (let i = 0; i < values.length; i++) values[i]! += foretold[i]!;
  else addSpatial(values, kept.length * channels, height, width, by as Spatial);
  return { ...target, values };
}

/** Residuals mod 256 of the rows that are wanted, [kept, each]. */
function readResiduals(bytes: Uint8Array, rows: bits.Rows, quads: boolean): Uint8Array | null {
  const { count, each, kept } = rows;
  let residuals: Uint8Array | null;
  if (quads) residuals = bits.fromQuads(bytes, rows);
  else if (bytes.length !== count * each) return null;
  else {
    residuals = new Uint8Array(kept.length * each);
    kept.forEach((row, k) => residuals!.set(bytes.subarray(row * each, (row + 1) * each), k * each));
  }
  if (residuals) for (let i = 0; i < residuals.length; i++) residuals[i] = bits.UNFOLDED[residuals[i]!]!;
  return residuals;
}
