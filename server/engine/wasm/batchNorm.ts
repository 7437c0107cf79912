/** Batch normalisation on the wasm heap: two passes over the activations forward and two back. */
import type * as tf from '@tensorflow/tfjs-core';
import { heapKernel, type Heap } from './heap.ts';

/** Rows summed in float32 before they go into float64: few enough for the digits and for the cache. */
const TILE = 32;

/** A whole matrix, tile by tile: `sum` takes the byte offset and the rows of each. */
function tiles(rows: number, line: number, sum: (offset: number, rows: number) => void): void {
  for (let top = 0; top < rows; top += TILE) sum(top * line, Math.min(TILE, rows - top));
}

/** Float64 [2, channels] on the heap, zeros. */
function doubles(heap: Heap, channels: number): { pointer: number; read: () => Float64Array } {
  const info = heap.scratch(4 * channels);
  heap.view(info).fill(0);
  return {
    pointer: heap.pointer(info),
    read: () => new Float64Array(heap.view(info).slice().buffer),
  };
}

/** x [N,H,W,C] → [2, C]: mean and biased variance. */
export const moments = heapKernel('Moments', (heap, [info]) => {
  const channels = info!.shape.at(-1)!;
  const output = heap.allocate([2, channels]);
  const sums = doubles(heap, channels);
  const x = heap.pointer(info!);
  const count = heap.view(info!).length / channels;
  const line = 4 * channels;
  // Sums of squares lose the digits that a large mean takes: the first row stands near the mean.
  tiles(count, line, (offset, rows) => heap.kernels.squares!(x + offset, x, sums.pointer, rows, line));
  const pivot = heap.view(info!);
  const out = heap.view(output);
  const both = sums.read();
  for (let c = 0; c < channels; c++) {
    const shift = both[c]! / count;
    out[c] = pivot[c]! + shift;
    out[channels + c] = Math.max(0, both[channels + c]! / count - shift * shift);
  }
  return [output];
});

/** x, moments [2, C], gamma [C], beta [C]; ε → the normalised x. */
export const normalise = heapKernel('Normalise', (heap, [info, stats, gamma, beta], [epsilon]) => {
  const channels = info!.shape.at(-1)!;
  const output = heap.allocate(info!.shape);
  const slope = heap.scratch(channels);
  const [a, g, m] = [heap.view(slope), heap.view(gamma!), heap.view(stats!)];
  for (let c = 0; c < channels; c++) a[c] = g[c]! / Math.sqrt(m[channels + c]! + epsilon!);
  const [x, mean] = [heap.pointer(info!), heap.pointer(stats!)];
  const end = x + 4 * heap.view(info!).length;
  heap.kernels.affine!(
    ...[x, heap.pointer(output), end, 4 * channels],
    ...[mean, heap.pointer(slope), heap.pointer(beta!)],
  );
  return [output];
});

/** dy, x, moments, gamma; ε → [dx, dγ, dβ]. With x̂ the normalised x and m rows: dβ = Σ dy, dγ = Σ dy·x̂,
 * dx = γ/σ·(dy - dβ/m - x̂·dγ/m). */
export const normaliseGradient = heapKernel(
  'NormaliseGradient',
  (heap, [dyInfo, xInfo, stats, gammaInfo], [epsilon]) => {
    const channels = xInfo!.shape.at(-1)!;
    const outputs: tf.TensorInfo[] = [xInfo!.shape, [channels], [channels]].map((s) => heap.allocate(s));
    const sums = doubles(heap, channels);
    const factors = [heap.scratch(channels), heap.scratch(channels), heap.scratch(channels)];
    const [dy, x, mean] = [heap.pointer(dyInfo!), heap.pointer(xInfo!), heap.pointer(stats!)];
    const length = heap.view(xInfo!).length;
    const count = length / channels;
    const line = 4 * channels;
    tiles(count, line, (offset, rows) =>
      heap.kernels.products!(dy + offset, x + offset, mean, sums.pointer, rows, line),
    );
    const [, dGamma, dBeta] = outputs.map((info) => heap.view(info));
    const [a, b, d] = factors.map((info) => heap.view(info));
    const [gamma, m, both] = [heap.view(gammaInfo!), heap.view(stats!), sums.read()];
    for (let c = 0; c < channels; c++) {
      const inverse = 1 / Math.sqrt(m[channels + c]! + epsilon!);
      const scale = gamma[c]! * inverse;
      const slope = both[channels + c]! * inverse;
      dBeta![c] = both[c]!;
      dGamma![c] = slope;
      a![c] = scale;
      b![c] = (-scale * inverse * slope) / count;
      d![c] = (-scale * both[c]!) / count;
    }
    heap.kernels.affineGradient!(
      ...[dy, x, heap.pointer(outputs[0]!), x + 4 * length, line, mean],
      ...factors.map((info) => heap.pointer(info)),
    );
    return outputs;
  },
);
