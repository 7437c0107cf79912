/** Depthwise convolution and its filter's gradient on the wasm heap. */
import * as tf from '@tensorflow/tfjs-core';
import { heapKernel } from './heap.ts';

/** XNNPACK is made for 3×3 kernels on maps larger than they are; others it multiplies with the zeros around. */
const servedWell = (x: tf.Tensor4D, size: number): boolean =>
  size <= 3 && x.shape[1] > size && x.shape[2] > size;

const kernel = heapKernel('Depthwise', (heap, [xInfo, wInfo]) => {
  const [n, height, width, channels] = xInfo!.shape as [number, number, number, number];
  const size = wInfo!.shape[0]!;
  const output = heap.allocate(xInfo!.shape);
  const [x, w, y] = [heap.pointer(xInfo!), heap.pointer(wInfo!), heap.pointer(output)];
  const line = 4 * channels;
  const image = height * width * line;
  for (let i = 0; i < n; i++)
    heap.kernels.depthwise!(x + i * image, w, y + i * image, height, width, size, line);
  return [output];
});

/** x [N,H,W,C], w [k,k,C,1] with odd k, zero padding (k - 1) / 2 → [N,H,W,C]. */
export function convolve(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  return servedWell(x, w.shape[0]) ? tf.depthwiseConv2d(x, w, 1, 'same') : (kernel([x, w])[0] as tf.Tensor4D);
}

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
