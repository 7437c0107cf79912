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
  let at = 0;
  for (let image = 0; image < n; image++)
    for (let r = 0; r < rows; r++)
      for (let s = 0; s < columns; s++) {
        const left = s * stride! - before!;
        for (let u = 0; u < size!; u++, at += line) {
          const row = r * stride! - before! + u;
          if (row < 0 || row >= height) {
            out.fill(0, at, at + line);
            continue;
          }
          const begin = ((image * height + row) * width + left) * channels;
          for (let k = 0; k < line; k++) {
            const column = left + Math.floor(k / channels);
            out[at + k] = column >= 0 && column < width ? x[begin + k]! : 0;
          }
        }
      }
  return [output];
});
