/** Batch normalisation on the wasm heap: two passes over the activations forward and two back. */
import type * as tf from '@tensorflow/tfjs-core';
import { heapKernel, type Heap } from './heap.ts';

/** Values of one part of a pass over rows. */
export const ROW_GRAIN = 65_536;
/** Most parts of a pass that sums: each has sums of its own, which are added in order. */
const PARTS = 32;

/** Runs a kernel that sums two numbers of each channel, part by part, and adds the parts: float64 [2, channels]. The
 * kernel's parameters are `pointers`, where the sums go, and the bytes of a row. */
function sums(heap: Heap, name: string, x: tf.TensorInfo, pointers: readonly number[]): Float64Array {
  const channels = x.shape.at(-1)!;
  const rows = heap.length(x) / channels;
  const grain = Math.max(Math.ceil(ROW_GRAIN / channels), Math.ceil(rows / PARTS));
  const parts = Math.ceil(rows / grain);
  const scratch = heap.scratch(parts * 4 * channels);
  heap.run(name, rows, grain, ...pointers, heap.pointer(scratch), 4 * channels);
  const each = new Float64Array(heap.view(scratch).slice().buffer);
  const total = each.slice(0, 2 * channels);
  for (let i = 2 * channels; i < each.length; i++) total[i % (2 * channels)]! += each[i]!;
  return total;
}

/** x [N,H,W,C] → [2, C]: mean and biased variance. */
export const moments = heapKernel('Moments', (heap, [info]) => {
  const channels = info!.shape.at(-1)!;
  const output = heap.allocate([2, channels]);
  const x = heap.pointer(info!);
  // Sums of squares lose the digits that a large mean takes: the first row stands near the mean.
  const both = sums(heap, 'squares', info!, [x, x]);
  const count = heap.length(info!) / channels;
  const pivot = heap.view(info!);
  const out = heap.view(output);
  for (let c = 0; c < channels; c++) {
    const shift = both[c]! / count;
    out[c] = pivot[c]! + shift;
    out[channels + c] = Math.max(0, both[channels + c]! / count - shift * shift);
  }
  return [output];
});

/** x, moments [2, C], gamma [C], beta [C]; ε → the normalised x. */
export const normalise = heapKernel('Normalise', (heap, [x, stats, gamma, beta], [epsilon]) => {
  const channels = x!.shape.at(-1)!;
  const output = heap.allocate(x!.shape);
  const slope = heap.scratch(channels);
  const [a, g, m] = [heap.view(slope), heap.view(gamma!), heap.view(stats!)];
  for (let c = 0; c < channels; c++) a[c] = g[c]! / Math.sqrt(m[channels + c]! + epsilon!);
  const [from, to, ...rows] = [x!, output, stats!, slope, beta!].map((info) => heap.pointer(info));
  const grain = Math.ceil(ROW_GRAIN / channels);
  heap.run('affine', heap.length(x!) / channels, grain, from!, to!, 4 * channels, ...rows);
  return [output];
});

/** dy, x, moments, gamma; ε → [dx, dγ, dβ]. With x̂ the normalised x and m rows: dβ = Σ dy, dγ = Σ dy·x̂,
 * dx = γ/σ·(dy - dβ/m - x̂·dγ/m). */
export const normaliseGradient = heapKernel('NormaliseGradient', (heap, [dy, x, stats, gamma], [epsilon]) => {
  const channels = x!.shape.at(-1)!;
  const outputs: tf.TensorInfo[] = [x!.shape, [channels], [channels]].map((s) => heap.allocate(s));
  const factors = [heap.scratch(channels), heap.scratch(channels), heap.scratch(channels)];
  const [dyAt, xAt, dxAt, mean] = [dy!, x!, outputs[0]!, stats!].map((info) => heap.pointer(info));
  const both = sums(heap, 'products', x!, [dyAt!, xAt!, mean!]);
  const [, dGamma, dBeta] = outputs.map((info) => heap.view(info));
  const [a, b, d] = factors.map((info) => heap.view(info));
  const [g, m] = [heap.view(gamma!), heap.view(stats!)];
  const count = heap.length(x!) / channels;
  for (let c = 0; c < channels; c++) {
    const inverse = 1 / Math.sqrt(m[channels + c]! + epsilon!);
    const scale = g[c]! * inverse;
    const slope = both[channels + c]! * inverse;
    const tilt = (-scale * inverse * slope) / count;
    dBeta![c] = both[c]!;
    dGamma![c] = slope;
    a![c] = scale;
    b![c] = tilt;
    d![c] = (-scale * both[c]!) / count - m[c]! * tilt;
  }
  const rows = factors.map((info) => heap.pointer(info));
  heap.run(
    ...(['affineGradient', count, Math.ceil(ROW_GRAIN / channels)] as const),
    ...[dyAt!, xAt!, dxAt!, 4 * channels, ...rows],
  );
  return outputs;
});
