/** Depthwise convolution and its filter's gradient on the wasm heap. */
import { heapKernel } from './heap.ts';

/** Multiplications of one part, about. */
const GRAIN = 1_000_000;
/** Most parts of the filter's gradient: each has sums of its own, which are added in order. */
const PARTS = 16;

/** Images of one part. */
function imagesEach([n, height, width, channels]: readonly number[], size: number, parts: number): number {
  const grain = Math.ceil(GRAIN / (height! * width! * channels! * size * size));
  return Math.max(grain, Math.ceil(n! / parts));
}

/** x [N,H,W,C], w [k,k,C,1] with odd k, zero padding (k - 1) / 2; reversed (1 or 0): w with its rows and columns
 * reversed → [N,H,W,C]. An odd kernel at stride 1 is its own adjoint once reversed. */
export const convolve = heapKernel('Depthwise', (heap, [x, w], [reversed]) => {
  const [n, height, width, channels] = x!.shape as [number, number, number, number];
  const size = w!.shape[0]!;
  const output = heap.allocate(x!.shape);
  const filter = reversed ? heap.scratch(size * size * channels) : w!;
  if (reversed) {
    const [from, to] = [heap.view(w!), heap.view(filter)];
    for (let i = 0; i < to.length; i += channels)
      to.set(from.subarray(i, i + channels), to.length - channels - i);
  }
  const pointers = [x!, filter, output].map((info) => heap.pointer(info));
  const grain = imagesEach(x!.shape, size, n);
  heap.run('depthwise', n, grain, ...pointers, height, width, size, 4 * channels);
  return [output];
});

/** x and dy [N,H,W,C]; k → dw [k,k,C,1]: Σ over all places of x, shifted by the kernel's offset, times dy. */
export const filterGradient = heapKernel('DepthwiseFilterGradient', (heap, [x, dy], [size]) => {
  const [n, height, width, channels] = x!.shape as [number, number, number, number];
  const output = heap.allocate([size!, size!, channels, 1]);
  const grain = imagesEach(x!.shape, size!, PARTS);
  const sums = heap.sums(output, Math.ceil(n / grain));
  const pointers = [heap.pointer(x!), heap.pointer(dy!), heap.pointer(sums.each)];
  heap.run('filterGradient', n, grain, ...pointers, height, width, size!, 4 * channels);
  sums.add();
  return [output];
});
