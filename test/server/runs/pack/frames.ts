/** Frames to pack: of every shape, kind of number and name. */
import {
  exactTap,
  quantiseTap,
  type Frame,
  type FrameEncoding,
  type FrameTap,
} from '../../../../shared/frame.ts';

export type Shape = FrameTap['shape'];

/** Repeatable numbers in [0, 1). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** Numbers that a recording may hold and those that it should not, none of them NaN. */
export const KINDS: Readonly<Record<string, (next: () => number, at: number) => number>> = {
  noise: (next) => next() - 0.5,
  waves: (next, at) => Math.sin(at / 3) + 0.05 * next(),
  constant: () => 0.1,
  zeros: () => 0,
  'zeros of both signs': (next) => (next() < 0.5 ? -0 : 0),
  'smallest numbers': (next) => Math.fround((next() - 0.5) * 1e-42),
  'largest numbers': (next) => (next() < 0.5 ? -3.4028234663852886e38 : 3.4028234663852886e38),
  'every size': (next) => (next() - 0.5) * 10 ** (60 * next() - 30),
};

export function tapOf(
  id: string,
  shape: Shape,
  encoding: FrameEncoding,
  kind: string,
  seed: number,
): FrameTap {
  const next = numbers(seed);
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, at) => KINDS[kind]!(next, at));
  return encoding === 'u8' ? quantiseTap(id, shape, values) : exactTap(id, shape, values);
}

export function frameOf(taps: readonly FrameTap[], lambda = 0.3): Frame {
  const probes = Array.from({ length: taps[0]?.shape[0] ?? 0 }, (_, i) => 3 * i);
  return { epoch: 3, step: 120, lambda, merged: false, loss: 0.5, accuracy: null, probes, taps };
}

/** Bytes of a tap: levels or floats bit by bit, ranges too, so that -0 and 0 differ. */
export function bytesOf(tap: FrameTap): number[][] {
  return [tap.minimum, tap.maximum, tap.values].map((array) => [
    ...new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  ]);
}
