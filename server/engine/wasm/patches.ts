/** The stem's patches on the wasm heap. */
import { heapKernel } from './heap.ts';

/** x [N,H,W,I]; size, stride, before, after → [N,h,w,size·size·I], each pixel the patch under the kernel, zeros
 * outside the image, ordered row, column, channel. */
export const patches = heapKernel('Patches', (heap, [info], [size, stride, before, after]) => {
  const [n, height, width, channels] = info!.shape as [number, number, number, number];
  const rows = Math.floor((height + before! + after! - size!) / stride!) + 1;
  const columns = Math.floor((width + before! + after! - size!) / stride!) + 1;
  const output = heap.allocate([n, rows, columns, size! * size! * channels]);
  const [x, out] = [heap.view(info!), heap.view(output)];
  const line = size! * channels;
  const stretch = width * channels;
  let at = 0;
  for (let image = 0; image < n; image++)
    for (let r = 0; r < rows; r++)
      for (let s = 0; s < columns; s++) {
        const left = (s * stride! - before!) * channels;
        // What of the patch's rows lies inside the image, in values.
        const from = Math.max(0, -left);
        const to = Math.min(line, stretch - left);
        for (let u = 0; u < size!; u++, at += line) {
          const row = r * stride! - before! + u;
          if (row < 0 || row >= height) {
            out.fill(0, at, at + line);
            continue;
          }
          const begin = (image * height + row) * stretch + left;
          // Some twelve values: a loop is quicker than a view and its copy.
          for (let k = 0; k < from; k++) out[at + k] = 0;
          for (let k = from; k < to; k++) out[at + k] = x[begin + k]!;
          for (let k = to; k < line; k++) out[at + k] = 0;
        }
      }
  return [output];
});
