/** The stem's patches on the wasm heap. */
import { heapKernel } from './heap.ts';

/** Values of one part, about. */
const GRAIN = 65_536;

/** x [N,H,W,I]; size, stride, before, after → [N,h,w,size·size·I], each pixel the patch under the kernel, zeros
 * outside the image, ordered row, column, channel. */
export const patches = heapKernel('Patches', (heap, [x], [size, stride, before, after]) => {
  const [n, height, width, channels] = x!.shape as [number, number, number, number];
  const rows = Math.floor((height + before! + after! - size!) / stride!) + 1;
  const columns = Math.floor((width + before! + after! - size!) / stride!) + 1;
  const length = size! * size! * channels;
  const output = heap.allocate([n, rows, columns, length]);
  const pointers = [heap.pointer(x!), heap.pointer(output)];
  const line = 4 * channels;
  heap.run(
    ...(['patches', n * rows, Math.ceil(GRAIN / (columns * length))] as const),
    ...[...pointers, height, width * line, rows, columns, size!, stride!, before!, line],
  );
  return [output];
});
