/** Numbers as bytes that compress well: small residuals of either sign become small numbers, and bytes of the same
 * weight stand together. Everything is exact and the same on every platform. */

/** -1 → 1, 1 → 2, -2 → 3: residuals mod 256, folded so that those near 0 are small. */
export const fold8 = (residual: number): number => {
  const signed = (residual << 24) >> 24;
  return ((signed << 1) ^ (signed >> 7)) & 255;
};
export const unfold8 = (folded: number): number => ((folded >>> 1) ^ -(folded & 1)) & 255;
/** The same as a table. */
export const UNFOLDED = Uint8Array.from({ length: 256 }, (_, folded) => unfold8(folded));

/** The same mod 2^32. */
export const fold32 = (residual: number): number => ((residual << 1) ^ (residual >> 31)) >>> 0;
export const unfold32 = (folded: number): number => ((folded >>> 1) ^ -(folded & 1)) | 0;

/** The bits of a float32 in the order of its value: neighbouring floats differ by 1. */
export const ordered = (bits: number): number => (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;
export const disordered = (order: number): number => (order & 0x80000000 ? order ^ 0x80000000 : ~order) >>> 0;

export const bitsOf = (values: Float32Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);

/** uint32 [N] → its bytes [4, N], the lowest first. */
export function toPlanes(words: Uint32Array): Uint8Array {
  const count = words.length;
  const bytes = new Uint8Array(4 * count);
  for (let i = 0; i < count; i++) {
    const word = words[i]!;
    bytes[i] = word;
    bytes[count + i] = word >>> 8;
    bytes[2 * count + i] = word >>> 16;
    bytes[3 * count + i] = word >>> 24;
  }
  return bytes;
}

export function fromPlanes(bytes: Uint8Array): Uint32Array {
  const count = bytes.length / 4;
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i++) words[i] = wordAt(bytes, count, i);
  return words;
}

const wordAt = (bytes: Uint8Array, count: number, i: number): number =>
  (bytes[i]! | (bytes[count + i]! << 8) | (bytes[2 * count + i]! << 16) | (bytes[3 * count + i]! << 24)) >>>
  0;

/** Planes of integers, each folded. */
export function unfoldPlanes(bytes: Uint8Array): Int32Array {
  const words = fromPlanes(bytes);
  const integers = new Int32Array(words.buffer);
  for (let i = 0; i < words.length; i++) integers[i] = unfold32(words[i]!);
  return integers;
}

/** Rows of equal length, one a probe, of which only some are wanted. */
export interface Rows {
  /** How many are stored. */
  count: number;
  /** Values of a row. */
  each: number;
  /** Which are wanted, in ascending order. */
  kept: readonly number[];
}

/** Floats as the folded distance from what was predicted of them, in planes; exact for every pattern of bits. */
export function floatsToPlanes(values: Float32Array, predicted: Float32Array): Uint8Array {
  const bits = bitsOf(values);
  const guess = bitsOf(predicted);
  return toPlanes(bits.map((word, i) => fold32(ordered(word) - ordered(guess[i]!))));
}

/** Floats [kept, each] from the planes of all rows; `predicted` are those of the kept ones. */
export function floatsFromPlanes(
  bytes: Uint8Array,
  predicted: Float32Array,
  { each, kept }: Omit<Rows, 'count'> = { each: bytes.length / 4, kept: [0] },
): Float32Array {
  const guess = bitsOf(predicted);
  const found = new Uint32Array(guess.length);
  const count = bytes.length / 4;
  let to = 0;
  for (const row of kept)
    for (let i = row * each; i < (row + 1) * each; i++, to++)
      found[to] = disordered((ordered(guess[to]!) + unfold32(wordAt(bytes, count, i))) >>> 0);
  return new Float32Array(found.buffer);
}

/** What stands for a folded residual that needs a byte of its own. */
const ESCAPE = 3;

/** Folded residuals, four to a byte where they are below 3, the others after them: what is nearly all zeros then costs
 * less than the whole bit that a prefix code spends at least. */
export function toQuads(folded: Uint8Array): Uint8Array {
  const quads = Math.ceil(folded.length / 4);
  const escapes = folded.reduce((count, value) => count + (value < ESCAPE ? 0 : 1), 0);
  const bytes = new Uint8Array(quads + escapes);
  let next = quads;
  for (let i = 0; i < folded.length; i++) {
    const value = folded[i]!;
    bytes[i >> 2]! |= Math.min(value, ESCAPE) << (2 * (i & 3));
    if (value >= ESCAPE) bytes[next++] = value - ESCAPE;
  }
  return bytes;
}

/** How many digits of a byte stand for an escape. */
const ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) =>
  [0, 2, 4, 6].reduce((sum, shift) => sum + (((byte >> shift) & 3) === ESCAPE ? 1 : 0), 0),
);

/** Folded residuals [kept, each]; null where the bytes are not those of `count` rows. */
export function fromQuads(bytes: Uint8Array, { count, each, kept }: Rows): Uint8Array | null {
  let next = Math.ceil((count * each) / 4);
  if (next > bytes.length) return null;
  const folded = new Uint8Array(kept.length * each);
  for (let row = 0, found = 0; row < count; row++) {
    const start = row * each;
    if (kept[found] === row) next = readQuads(bytes, start, next, folded, each * found++, each);
    else next = passQuads(bytes, start, next, each);
  }
  return next === bytes.length ? folded : null;
}

/** Reads `each` residuals from place `start` on, whose escapes begin at `next`; tells where they end. */
function readQuads(
  bytes: Uint8Array,
  start: number,
  next: number,
  folded: Uint8Array,
  to: number,
  each: number,
): number {
  for (let i = start, end = start + each; i < end;) {
    const byte = bytes[i >> 2]!;
    if (byte === 0 && (i & 3) === 0) {
      // Four zeros, which are there already; what is not of this row lies behind its end.
      i += 4;
      to += 4;
      continue;
    }
    const digit = (byte >> (2 * (i & 3))) & 3;
    folded[to++] = digit < ESCAPE ? digit : digit + bytes[next++]!;
    i++;
  }
  return next;
}

function passQuads(bytes: Uint8Array, start: number, next: number, each: number): number {
  const end = start + each;
  let i = start;
  for (; i < end && (i & 3) !== 0; i++) if (((bytes[i >> 2]! >> (2 * (i & 3))) & 3) === ESCAPE) next++;
  for (; i + 4 <= end; i += 4) next += ESCAPES[bytes[i >> 2]!]!;
  for (; i < end; i++) if (((bytes[i >> 2]! >> (2 * (i & 3))) & 3) === ESCAPE) next++;
  return next;
}

/** Bytes that an ideal coder without a memory would need. */
export function entropy(bytes: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]!++;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / bytes.length);
  return bits / 8;
}
