/** Numbers as bytes that compress well: small residuals of either sign become small numbers, and bytes of the same
 * weight stand together. Everything is exact and the same on every platform. */

/** -1 → 1, 1 → 2, -2 → 3: residuals mod 256, folded so that those near 0 are small. */
export const fold8 = (residual: number): number => {
  const signed = (residual << 24) >> 24;
  return ((signed << 1) ^ (signed >> 7)) & 255;
};
export const unfold8 = (folded: number): number => ((folded >>> 1) ^ -(folded & 1)) & 255;

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
  return Uint32Array.from(
    { length: count },
    (_, i) =>
      (bytes[i]! |
        (bytes[count + i]! << 8) |
        (bytes[2 * count + i]! << 16) |
        (bytes[3 * count + i]! << 24)) >>>
      0,
  );
}

/** Floats as the folded distance from what was predicted of them, in planes; exact for every pattern of bits. */
export function floatsToPlanes(values: Float32Array, predicted: Float32Array): Uint8Array {
  const bits = bitsOf(values);
  const guess = bitsOf(predicted);
  return toPlanes(bits.map((word, i) => fold32(ordered(word) - ordered(guess[i]!))));
}

export function floatsFromPlanes(bytes: Uint8Array, predicted: Float32Array): Float32Array {
  const guess = bitsOf(predicted);
  const bits = fromPlanes(bytes).map((word, i) => disordered((ordered(guess[i]!) + unfold32(word)) >>> 0));
  return new Float32Array(bits.buffer);
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

/** Null where the bytes are not those of `count` residuals. */
export function fromQuads(bytes: Uint8Array, count: number): Uint8Array | null {
  const folded = new Uint8Array(count);
  let next = Math.ceil(count / 4);
  if (next > bytes.length) return null;
  for (let i = 0; i < count; i++) {
    const digit = (bytes[i >> 2]! >> (2 * (i & 3))) & 3;
    folded[i] = digit < ESCAPE ? digit : digit + bytes[next++]!;
  }
  return next === bytes.length ? folded : null;
}

/** Bytes that an ideal coder without a memory would need. */
export function entropy(bytes: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]!++;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / bytes.length);
  return bits / 8;
}
