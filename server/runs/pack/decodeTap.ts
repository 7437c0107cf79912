/** What is stored of a tap → the tap. */
import { channelRange, type FrameEncoding, type FrameTap } from '../../../shared/frame.ts';
import * as bits from './bits.ts';
import { foretellLinear, weightsEach } from './linear.ts';
import { foretell, foretellRange, type Pointwise } from './pointwise.ts';
import { SPATIAL, walkMaps, type Spatial } from './spatial.ts';

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

/** Null where the bytes are not those of such a tap. */
export function decodeTap(
  { id, shape, encoding }: CodedShape,
  coding: Coding,
  bytes: Uint8Array,
  source: FrameTap | undefined,
  lambda: number,
): FrameTap | null {
  const count = sizeOf(shape);
  const { by, size = 1 } = coding;
  if (encoding === 'f32') {
    if (bytes.length !== 4 * count) return null;
    const empty = new Float32Array(0);
    const target = { id, shape, encoding, minimum: empty, maximum: empty };
    const guess = source ? foretell(source, target, by as Pointwise, lambda, size) : new Float32Array(count);
    const values = bits.floatsFromPlanes(bytes, guess as Float32Array);
    const [minimum, maximum] = channelRange(shape, values);
    return { id, shape, encoding, minimum, maximum, values };
  }
  const channels = shape[1];
  let at = 0;
  const take = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  const [low, high] = rangeGuess(shape, source, by, lambda);
  if (bytes.length < 8 * channels) return null;
  const minimum = bits.floatsFromPlanes(take(4 * channels), low);
  const maximum = bits.floatsFromPlanes(take(4 * channels), high);
  let foretold: Uint8Array | null = null;
  if (source && LINEAR.includes(by)) {
    const form = by as 'mix' | 'filter';
    const reach = coding.size ?? 0;
    const each = weightsEach(form, reach, source.shape[1]);
    if (bytes.length < 8 * channels + 4 * channels * (1 + each)) return null;
    const unfold = (planes: Uint8Array): Int32Array =>
      Int32Array.from(bits.fromPlanes(planes), bits.unfold32);
    const bias = unfold(take(4 * channels));
    const weights = unfold(take(4 * channels * each));
    foretold = foretellLinear(source, shape, { by: form, reach, shift: coding.shift ?? 0, weights, bias });
  } else if (source)
    foretold = foretell(
      source,
      { id, shape, encoding, minimum, maximum },
      by as Pointwise,
      lambda,
      size,
    ) as Uint8Array;
  const rest = bytes.subarray(at);
  const folded = coding.quads ? bits.fromQuads(rest, count) : rest.length === count ? rest : null;
  if (!folded) return null;
  const values = foretold ?? new Uint8Array(count);
  if (foretold) for (let i = 0; i < count; i++) values[i] = foretold[i]! + bits.unfold8(folded[i]!);
  else
    walkMaps(values, shape[0] * channels, shape[2], shape[3], by as Spatial, (i, guess) => {
      values[i] = guess + bits.unfold8(folded[i]!);
    });
  return { id, shape, encoding, minimum, maximum, values };
}
