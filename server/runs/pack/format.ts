/**
 * A frame <-> the file it is kept in. Layout, little-endian: magic `VSP1` · uint32 length of the header · uint32 CRC-32
 * of the header · the header (UTF-8 JSON: that of the frame, and for each tap how it is coded and the length and CRC-32
 * of its payload) · the payloads in the header's order, each compressed by brotli. A tap needs only its own payload and
 * those of the taps that it was foretold from to be read: all of the same block, but for the average over the last maps.
 */
import { setImmediate as pause } from 'node:timers/promises';
import { brotliDecompressSync, crc32 } from 'node:zlib';
import { Type, type Static } from 'typebox';
import { ScopeError } from '../../../shared/errors.ts';
import { checkHeader, type Frame, type FrameHeader, type FrameTap } from '../../../shared/frame.ts';
import { matches } from '../check.ts';
import { decodeTap, isKnown, largestPayload } from './decodeTap.ts';
import { MAGIC, PREFIX } from './packFrame.ts';

/** How one tap is stored, beside its id, shape and encoding. */
const Stored = Type.Object({
  by: Type.String(),
  from: Type.Optional(Type.String()),
  size: Type.Optional(Type.Integer({ minimum: 0, maximum: 64 })),
  shift: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 })),
  quads: Type.Optional(Type.Boolean()),
  bytes: Type.Integer({ minimum: 0 }),
  crc: Type.Integer({ minimum: 0 }),
});
type Stored = Static<typeof Stored>;

const damaged = (why: string): ScopeError => new ScopeError('INVALID_FRAME', why);

/** A packed frame whose header is read, and whose taps are read when they are asked for. */
export class PackedFrame {
  readonly header: FrameHeader;
  readonly #stored: readonly Stored[];
  readonly #payloads: readonly Uint8Array[];

  /** Throws INVALID_FRAME, saying what is wrong with the bytes. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < PREFIX || view.getUint32(0, true) !== MAGIC)
      throw damaged('it does not begin with VSP1');
    let at = PREFIX + view.getUint32(4, true);
    if (at > bytes.length) throw damaged(`its header is cut off after ${bytes.length} bytes`);
    const json = bytes.subarray(PREFIX, at);
    if (crc32(json) !== view.getUint32(8, true)) throw damaged('its header is damaged');
    const header = JSON.parse(new TextDecoder().decode(json)) as { taps?: unknown };
    this.header = checkHeader(header);
    const taps = header.taps as unknown[];
    this.#stored = taps.map((tap, i) => this.#check(tap, i));
    this.#payloads = this.#stored.map((stored, i) => {
      const payload = bytes.subarray(at, (at += stored.bytes));
      if (at > bytes.length) throw damaged(`tap ${this.header.taps[i]!.id} is cut off`);
      return payload;
    });
    if (at < bytes.length) throw damaged(`${bytes.length - at} bytes follow its last tap`);
  }

  /** All taps, or those asked for and there; null for all. Throws INVALID_FRAME naming a tap that is damaged. */
  async read(ids: readonly string[] | null = null): Promise<Frame> {
    const { taps } = this.header;
    const asked = taps.map((tap) => ids?.includes(tap.id) ?? true);
    const needed = [...asked];
    for (let i = taps.length - 1; i >= 0; i--)
      if (needed[i]) this.#sources(i).forEach((j) => (needed[j] = true));
    const read: FrameTap[] = [];
    for (let i = 0; i < taps.length; i++) {
      if (!needed[i]) continue;
      // A tap takes a few milliseconds; whatever else this thread has to do comes in between.
      if (read.length > 0) await pause();
      read[i] = this.#tap(i, read);
    }
    return { ...this.header, taps: read.filter((_, i) => asked[i]) };
  }

  #check(tap: unknown, at: number): Stored {
    const { id } = this.header.taps[at]!;
    if (!matches(Stored, tap)) throw damaged(`it does not tell how tap ${id} is stored`);
    const before = this.header.taps.slice(0, at);
    if (!isKnown(tap) || (tap.from !== undefined && !before.some((other) => other.id === tap.from)))
      throw damaged(`this program does not know how to read tap ${id}, stored by '${tap.by}'`);
    return tap;
  }

  #sources(at: number): number[] {
    const { from } = this.#stored[at]!;
    return from === undefined ? [] : [this.header.taps.findIndex((tap) => tap.id === from)];
  }

  #tap(at: number, read: readonly FrameTap[]): FrameTap {
    const shape = this.header.taps[at]!;
    const stored = this.#stored[at]!;
    const payload = this.#payloads[at]!;
    const from = this.#sources(at)[0];
    const source = from === undefined ? undefined : read[from];
    const bad = (why: string, cause?: unknown): ScopeError =>
      new ScopeError('INVALID_FRAME', `tap ${shape.id} is damaged${why}`, { cause });
    if (crc32(payload) !== stored.crc) throw bad('');
    let content: Uint8Array;
    try {
      const maxOutputLength = largestPayload(shape.shape, stored, source?.shape ?? null);
      content = brotliDecompressSync(payload, { maxOutputLength });
    } catch (cause) {
      throw bad(`: ${(cause as Error).message}`, cause);
    }
    const tap = decodeTap(shape, stored, content, source, this.header.lambda);
    if (!tap) throw bad(`: ${content.length} bytes do not fit its shape`);
    return tap;
  }
}
