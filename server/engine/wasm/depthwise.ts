/** The filter's gradient of a depthwise convolution on the wasm heap. */
import { heapKernel } from './heap.ts';

/** x and dy [N,H,W,C]; k → dw [k,k,C,1]: Σ over all places of x, shifted by the kernel's offset, times dy. */
export const filterGradient = heapKernel('DepthwiseFilterGradient', (heap, [xInfo, dyInfo], [size]) => {
  const [n, height, width, channels] = xInfo!.shape as [number, number, number, number];
  const output = heap.allocate([size!, size!, channels, 1]);
  heap.view(output).fill(0);
  const [x, dy, dw] = [heap.pointer(xInfo!), heap.pointer(dyInfo!), heap.pointer(output)];
  const half = (size! - 1) / 2;
  const line = 4 * channels;
  // One image after the other: it stays in the cache for all offsets of the kernel.
  for (let image = 0; image < n; image++)
    for (let u = 0; u < size!; u++)
      for (let v = 0; v < size!; v++) {
        const top = Math.max(0, half - u);
        const left = Math.max(0, half - v);
        const rows = Math.min(height, height + half - u) - top;
        const columns = Math.min(width, width + half - v) - left;
        if (rows <= 0 || columns <= 0) continue;
        const at = ((image * height + top) * width + left) * line;
        const shift = ((u - half) * width + v - half) * line;
        heap.kernels.correlate!(
          ...[x + at + shift, dy + at, dw + (u * size! + v) * line],
          ...[rows, columns, line, (width - columns) * line],
        );
      }
  return [output];
});
