/**
 * One recording of taps <-> bytes: the wire format of activations. On disk the same frames lie packed
 * (server/runs/pack/format.ts), which loses nothing.
 *
 * Layout, little-endian: magic `VSF1` · uint32 length of the header · header (UTF-8 JSON, padded with spaces to a
 * multiple of 4) · the taps' payloads in the header's order, each at a multiple of 4.
 * A payload of encoding `u8` is Float32 minimum [C] · Float32 maximum [C] · uint8 values [P, C, H, W];
 * of encoding `f32` it is Float32 values [P, C, H, W]. Maps are quantised with one range per channel over all
 * probes of the frame; vectors (H = W = 1) are kept as `f32`, where a range would cost more than it saves.
 */
import { ScopeError } from './errors.ts';

export type FrameEncoding = 'u8' | 'f32';

/** Where the network stood when the frame was taken. */
export interface FrameMoment {
  /** Epochs completed; fractional within an epoch. */
  epoch: number;
  /** Optimizer steps completed. */
  step: number;
  /** λ of the article: 1 full ReLU, 0 identity. */
  lambda: number;
  merged: boolean;
  /** Last training loss (nats) and accuracy (0 to 1), null before the first step. */
  loss: number | null;
  accuracy: number | null;
}

/** One tap's activations. `values` are [P, C, H, W] in row-major order. */
export interface FrameTap {
  id: string;
  /** [P, C, H, W]: probes, channels, rows, columns. */
  shape: readonly [number, number, number, number];
  encoding: FrameEncoding;
  /** Range per channel [C]; for `f32` measured over the values when decoded. */
  minimum: Float32Array;
  maximum: Float32Array;
  values: Uint8Array | Float32Array;
}

export interface Frame extends FrameMoment {
  /** Index of each probe of the frame in the run's list of probes. */
  probes: readonly number[];
  taps: readonly FrameTap[];
}

/** A frame without its activations. */
export interface FrameHeader extends FrameMoment {
  probes: readonly number[];
  taps: { id: string; shape: [number, number, number, number]; encoding: FrameEncoding }[];
}

const MAGIC = 0x31465356; // 'VSF1'
const align = (n: number): number => (n + 3) & ~3;
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function payloadBytes(shape: readonly [number, number, number, number], encoding: FrameEncoding): number {
  return encoding === 'u8' ? align(8 * shape[1] + size(shape)) : 4 * size(shape);
}

/** Quantises one tap's values [P, C, H, W] to uint8 with a range per channel; the error is at most half a step,
 * (maximum - minimum) / 510. Throws NON_FINITE, naming the tap and channel, on NaN or infinity. */
export function quantiseTap(id: string, shape: FrameTap['shape'], values: Float32Array): FrameTap {
  const [probes, channels, height, width] = shape;
  const plane = height * width;
  if (values.length !== size(shape))
    throw new ScopeError(
      'INVALID_FRAME',
      `tap ${id}: ${values.length} values do not fill [${shape.join(', ')}]`,
      {
        field: id,
      },
    );
  const minimum = new Float32Array(channels).fill(Infinity);
  const maximum = new Float32Array(channels).fill(-Infinity);
  for (let p = 0, at = 0; p < probes; p++)
    for (let c = 0; c < channels; c++) {
      let low = minimum[c]!;
      let high = maximum[c]!;
      for (let i = 0; i < plane; i++) {
        const v = values[at++]!;
        if (!Number.isFinite(v))
          throw new ScopeError(
            'NON_FINITE',
            `tap ${id}, channel ${c}, probe ${p}: the value ${v} is not finite`,
            {
              field: id,
            },
          );
        if (v < low) low = v;
        if (v > high) high = v;
      }
      minimum[c] = low;
      maximum[c] = high;
    }
  const bytes = new Uint8Array(values.length);
  for (let p = 0, at = 0; p < probes; p++)
    for (let c = 0; c < channels; c++) {
      const low = minimum[c]!;
      const range = maximum[c]! - low;
      const scale = range > 0 ? 255 / range : 0;
      for (let i = 0; i < plane; i++, at++) bytes[at] = Math.round((values[at]! - low) * scale);
    }
  return { id, shape, encoding: 'u8', minimum, maximum, values: bytes };
}

/** Range per channel [C] of exact values [P, C, H, W]. */
export function channelRange(shape: FrameTap['shape'], values: Float32Array): [Float32Array, Float32Array] {
  const [, channels, height, width] = shape;
  const plane = height * width;
  const minimum = new Float32Array(channels).fill(Infinity);
  const maximum = new Float32Array(channels).fill(-Infinity);
  for (let at = 0; at < values.length; at++) {
    const c = Math.floor(at / plane) % channels;
    const v = values[at]!;
    if (v < minimum[c]!) minimum[c] = v;
    if (v > maximum[c]!) maximum[c] = v;
  }
  return [minimum, maximum];
}

/** A tap kept at full precision. */
export function exactTap(id: string, shape: FrameTap['shape'], values: Float32Array): FrameTap {
  const [minimum, maximum] = channelRange(shape, values);
  return { id, shape, encoding: 'f32', minimum, maximum, values };
}

export function headerOf(frame: Frame): FrameHeader {
  const { epoch, step, lambda, merged, loss, accuracy, probes } = frame;
  const taps = frame.taps.map(({ id, shape, encoding }): FrameHeader['taps'][number] => ({
    id,
    shape: [...shape],
    encoding,
  }));
  return { epoch, step, lambda, merged, loss, accuracy, probes, taps };
}

export function encodeFrame(frame: Frame): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(headerOf(frame)));
  const start = 8 + align(json.length);
  const total = frame.taps.reduce((sum, tap) => sum + payloadBytes(tap.shape, tap.encoding), start);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, start - 8, true);
  bytes.fill(0x20, 8, start);
  bytes.set(json, 8);
  let at = start;
  const put = (array: Float32Array | Uint8Array): void => {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  };
  for (const tap of frame.taps) {
    const end = at + payloadBytes(tap.shape, tap.encoding);
    if (tap.encoding === 'u8') {
      put(tap.minimum);
      put(tap.maximum);
    }
    put(tap.values);
    at = end;
  }
  return bytes;
}

function readHeader(bytes: Uint8Array): FrameHeader {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ScopeError('INVALID_FRAME', 'not a vanillascope frame: its header is not JSON', { cause });
  }
  return checkHeader(header);
}

/** The header of a frame, checked: it may come from a file of someone else's. Throws INVALID_FRAME. */
export function checkHeader(value: unknown): FrameHeader {
  const bad = (why: string): ScopeError =>
    new ScopeError('INVALID_FRAME', `not a vanillascope frame: ${why}`);
  const naturals = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
  const number = (value: unknown): boolean => typeof value === 'number';
  if (typeof value !== 'object' || value === null) throw bad('its header is no object');
  const { epoch, step, lambda, merged, loss, accuracy, probes, taps } = value as FrameHeader;
  if (![epoch, step, lambda].every(number) || typeof merged !== 'boolean')
    throw bad('its header does not tell epoch, step, λ and merged');
  if (![loss, accuracy].every((v) => v === null || number(v))) throw bad('loss or accuracy is no number');
  if (!naturals(probes)) throw bad('its probes are no list of indices');
  if (!Array.isArray(taps)) throw bad('it has no list of taps');
  for (const tap of taps) {
    const { id, shape, encoding } = (tap ?? {}) as Partial<FrameHeader['taps'][number]>;
    if (typeof id !== 'string') throw bad('a tap has no name');
    if (!naturals(shape) || shape.length !== 4 || shape[0] !== probes.length)
      throw bad(`tap ${id} has the shape ${JSON.stringify(shape)}; [${probes.length}, C, H, W] is needed`);
    if (encoding !== 'u8' && encoding !== 'f32') throw bad(`tap ${id} has the encoding ${String(encoding)}`);
  }
  const told = taps.map(({ id, shape, encoding }) => ({ id, shape, encoding }));
  return { epoch, step, lambda, merged, loss, accuracy, probes, taps: told };
}

/** Reads a frame back; typed arrays are views of `bytes` where its alignment allows. */
export function decodeFrame(source: Uint8Array): Frame {
  const bad = (why: string): ScopeError =>
    new ScopeError('INVALID_FRAME', `not a vanillascope frame: ${why}`);
  if (source.byteLength < 8) throw bad(`${source.byteLength} bytes are too few`);
  const bytes = source.byteOffset % 4 === 0 ? source : source.slice();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw bad('it does not begin with VSF1');
  const headerLength = view.getUint32(4, true);
  if (headerLength % 4 !== 0 || headerLength > bytes.length - 8)
    throw bad(`a header of ${headerLength} bytes does not fit into ${bytes.length}`);
  const header = readHeader(bytes.subarray(8, 8 + headerLength));
  let at = bytes.byteOffset + 8 + headerLength;
  const end = bytes.byteOffset + bytes.byteLength;
  const taps = header.taps.map(({ id, shape, encoding }): FrameTap => {
    const next = at + payloadBytes(shape, encoding);
    if (next > end) throw bad(`tap ${id} is cut off`);
    const count = size(shape);
    const channels = shape[1];
    if (encoding === 'f32') {
      const tap = exactTap(id, shape, new Float32Array(bytes.buffer, at, count));
      at = next;
      return tap;
    }
    const minimum = new Float32Array(bytes.buffer, at, channels);
    const maximum = new Float32Array(bytes.buffer, at + 4 * channels, channels);
    const values = new Uint8Array(bytes.buffer, at + 8 * channels, count);
    at = next;
    return { id, shape, encoding, minimum, maximum, values };
  });
  if (at !== end) throw bad(`${end - at} bytes follow its last tap`);
  return { ...header, taps };
}

/** The values of one map, [H, W], of a tap. */
export function readMap(tap: FrameTap, probe: number, channel: number): Float32Array {
  const [probes, channels, height, width] = tap.shape;
  if (probe < 0 || probe >= probes || channel < 0 || channel >= channels)
    throw new ScopeError(
      'INVALID_FRAME',
      `tap ${tap.id} has ${probes} probes and ${channels} channels; no map ${probe}, ${channel}`,
    );
  const plane = height * width;
  const from = (probe * channels + channel) * plane;
  if (tap.encoding === 'f32') return (tap.values as Float32Array).slice(from, from + plane);
  const low = tap.minimum[channel]!;
  const step = (tap.maximum[channel]! - low) / 255;
  return Float32Array.from(tap.values.subarray(from, from + plane), (v) => low + v * step);
}

/** The part of a frame that holds only these taps and probes (indices into the run's probes); what the frame does
 * not hold is left out. Ranges per channel stay as they are. */
export function selectFrame(
  frame: Frame,
  taps: readonly string[] | null,
  probes: readonly number[] | null,
): Frame {
  const positions = frame.probes
    .map((_, i) => i)
    .filter((i) => probes === null || probes.includes(frame.probes[i]!));
  const kept = frame.taps.filter((tap) => taps === null || taps.includes(tap.id));
  return {
    ...frame,
    probes: positions.map((i) => frame.probes[i]!),
    taps: kept.map((tap) => {
      if (positions.length === tap.shape[0]) return tap;
      const each = size(tap.shape) / tap.shape[0];
      const values =
        tap.encoding === 'u8'
          ? new Uint8Array(each * positions.length)
          : new Float32Array(each * positions.length);
      positions.forEach((from, to) =>
        values.set(tap.values.subarray(from * each, (from + 1) * each), to * each),
      );
      const [, c, h, w] = tap.shape;
      return { ...tap, shape: [positions.length, c, h, w], values };
    }),
  };
}
