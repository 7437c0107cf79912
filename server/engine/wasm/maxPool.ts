/** The gradient of max-pooling on the wasm heap. */
import { heapKernel } from './heap.ts';

/** dy [N,h,w,C], x [N,H,W,C], y [N,h,w,C]; size → dx: the first place of each window, in reading order, that holds
 * the maximum takes the whole gradient, as in PyTorch. */
export const maxPoolGradient = heapKernel('MaxPoolGradient', (heap, [dyInfo, xInfo, yInfo], [size]) => {
  const [n, height, width, channels] = xInfo!.shape as [number, number, number, number];
  const [, rows, columns] = yInfo!.shape as [number, number, number, number];
  const output = heap.allocate(xInfo!.shape);
  // Where the windows leave a remainder, nobody else writes it.
  if (rows * size! < height || columns * size! < width) heap.view(output).fill(0);
  const [dy, x, y, dx] = [dyInfo, xInfo, yInfo, output].map((info) => heap.pointer(info!)) as [
    number,
    number,
    number,
    number,
  ];
  const line = 4 * channels;
  for (let image = 0; image < n; image++)
    for (let row = 0; row < rows; row++) {
      const wide = (image * height + row * size!) * width * line;
      const narrow = (image * rows + row) * columns * line;
      heap.kernels.poolWindows!(
        ...[dy + narrow, x + wide, y + narrow, dx + wide],
        ...[columns, size!, line, width * line],
      );
    }
  return [output];
});
