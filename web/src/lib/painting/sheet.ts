/** Room to paint in that has been painted in before. Fresh memory costs more than the painting itself: the operating
 * system hands it out and clears it page by page, in 12 µs a page on some virtual machines. */

interface Size {
  width: number;
  height: number;
}

/** How many times larger than its picture a canvas may stay. */
const LARGEST = 4;

let memory = new ArrayBuffer(0);

/** Transparent pixels, row-major RGBA, for a painting of `width` × `height`. All canvases share their memory: the
 * pixels are good until the next call. */
export function blankSheet(width: number, height: number): Uint8ClampedArray<ArrayBuffer> {
  const bytes = 4 * width * height;
  // A power of two: a window that is drawn larger doesn't ask for new memory at every step.
  if (memory.byteLength < bytes) memory = new ArrayBuffer(2 ** Math.ceil(Math.log2(bytes)));
  return new Uint8ClampedArray(memory, 0, bytes).fill(0);
}

/** The size of a canvas for a picture in its top left corner, given the size that it has: what is large enough stays
 * as it is, unless it is more than four times as large as the picture; what is not grows. */
export function canvasSize(present: Size, picture: Size): Size {
  const { width, height } = picture;
  const grown = { width: Math.max(width, present.width), height: Math.max(height, present.height) };
  return grown.width * grown.height > LARGEST * width * height ? { width, height } : grown;
}
