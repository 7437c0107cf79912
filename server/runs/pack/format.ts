/**
 * A frame <-> the file it is kept in. Layout, little-endian: magic `VSP1` · uint32 length of the header · uint32 CRC-32
 * of the header · the header (UTF-8 JSON: that of the frame, and for each tap how it is coded and the length and CRC-32
 * of its payload) · the payloads in the header's order, each compressed by brotli. A tap needs only its own payload and
 * those of the taps that it was foretold from to be read: all of the same block, but for the average over the last maps.
 */
import { setImmediate as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { brotliDecompress, crc32 } from 'node:zlib';
import { Type, type Static } from 'typebox';
import { ScopeError } from '../../../shared/errors.ts';
import {
  checkHeader,
  selectFrame,
  type Frame,
  type FrameHeader,
  type FrameTap,
} from '../../../shared/frame.ts';
import { matches } from '../check.ts';
import { decodeTap, isKnown, largestPayload, needsAllProbes, needsSource } from './decodeTap.ts';
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

/** What is wanted of a frame; null or nothing for all. */
export interface Part {
  taps?: readonly string[] | null;
  /** Indices into the run's list of probes. */
  probes?: readonly number[] | null;
  signal?: AbortSignal | undefined;
}

/** A tap takes a millisecond or a few: how long reading holds its thread, before the rest has its turn. */
const TURN_MS = 4;

const unbrotli = promisify(brotliDecompress);

/** A payload is unpacked in one go, or in several of so many bytes: each costs a way between threads. */
const AT_ONCE = 4 * 2 ** 20;

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

  /** All of it, or these taps and probes (indices into the run's list) as far as they are there; with no probes, the
   * ranges of the taps. The less is asked for, the quicker. Ranges of `f32` are those of what is read. Throws
   * INVALID_FRAME naming a tap that is damaged, or the signal's reason. */
  async read({ taps: ids = null, probes = null, signal }: Part = {}): Promise<Frame> {
    const { taps } = this.header;
    const every = this.header.probes.map((_, i) => i);
    const wanted = every.filter((i) => probes?.includes(this.header.probes[i]!) ?? true);
    const asked = taps.map((tap) => ids?.includes(tap.id) ?? true);
    const needed = [...asked];
    let all = false;
    for (let i = taps.length - 1; i >= 0; i--) {
      const from = needed[i] ? this.#sourceOf(i, wanted.length > 0) : null;
      if (from === null) continue;
      needed[from] = true;
      all ||= needsAllProbes(this.#stored[i]!, taps[i]!.encoding, taps[from]!.encoding);
    }
    if (all && wanted.length < every.length)
      return selectFrame(await this.read({ taps: ids, signal }), null, probes);
    signal?.throwIfAborted();
    // Other threads decompress what comes next while this one decodes.
    const contents = taps.map((_, i) => (needed[i] ? this.#content(i) : null));
    for (const content of contents) content?.catch(() => undefined); // told where it is waited for
    const read: FrameTap[] = [];
    let since = performance.now();
    for (let i = 0; i < taps.length; i++) {
      if (!needed[i]) continue;
      // Whatever else this thread has to do comes in between.
      if (performance.now() - since > TURN_MS) {
        await pause();
        signal?.throwIfAborted();
        since = performance.now();
      }
      const content = (await contents[i])!;
      signal?.throwIfAborted();
      read[i] = this.#tap(i, content, wanted, read);
    }
    return {
      ...this.header,
      probes: wanted.map((i) => this.header.probes[i]!),
      taps: read.filter((_, i) => asked[i]),
    };
  }

  #check(tap: unknown, at: number): Stored {
    const { id } = this.header.taps[at]!;
    if (!matches(Stored, tap)) throw damaged(`it does not tell how tap ${id} is stored`);
    const before = this.header.taps.slice(0, at);
    if (!isKnown(tap) || (tap.from !== undefined && !before.some((other) => other.id === tap.from)))
      throw damaged(`this program does not know how to read tap ${id}, stored by '${tap.by}'`);
    return tap;
  }

  /** Place of the tap that has to be read before this one; null where there is none. */
  #sourceOf(at: number, values: boolean): number | null {
    const stored = this.#stored[at]!;
    if (stored.from === undefined || !(values || needsSource(stored))) return null;
    return this.header.taps.findIndex((tap) => tap.id === stored.from);
  }

  /** What a tap's payload holds; rejects where that is damaged. */
  async #content(at: number): Promise<Uint8Array> {
    const payload = this.#payloads[at]!;
    const stored = this.#stored[at]!;
    if (crc32(payload) !== stored.crc) throw this.#bad(at, '');
    const from = this.#sourceOf(at, true);
    const source = from === null ? null : this.header.taps[from]!.shape;
    const maxOutputLength = largestPayload(this.header.taps[at]!.shape, stored, source);
    const chunkSize = Math.min(Math.max(64, maxOutputLength), AT_ONCE);
    try {
      return await unbrotli(payload, { maxOutputLength, chunkSize });
    } catch (cause) {
      throw this.#bad(at, `: ${(cause as Error).message}`, cause);
    }
  }

  #bad(at: number, why: string, cause?: unknown): ScopeError {
    const { id } = this.header.taps[at]!;
    return new ScopeError('INVALID_FRAME', `tap ${id} is damaged${why}`, { cause });
  }

  #tap(at: number, content: Uint8Array, kept: readonly number[], read: readonly FrameTap[]): FrameTap {
    const from = this.#sourceOf(at, true);
    const source = from === null ? undefined : read[from];
    const { lambda } = this.header;
    const tap = decodeTap(this.header.taps[at]!, this.#stored[at]!, content, { kept, source, lambda });
    if (!tap) throw this.#bad(at, `: ${content.length} bytes do not fit its shape`);
    return tap;
  }
}
