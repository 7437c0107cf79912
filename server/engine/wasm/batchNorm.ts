/** Batch normalisation on the wasm heap: two passes over the activations forward and two back. */
import type * as tf from '@tensorflow/tfjs-core';
import { activate } from './annealed.ts';
import { heapKernel, type Heap } from './heap.ts';

/** Values of one part of a pass over rows. */
const ROW_GRAIN = 65_536;
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

/** x [N,H,W,C] → mean [C], biased variance [C]. */
export const moments = heapKernel('Moments', (heap, [info]) => {
  const channels = info!.shape.at(-1)!;
  const outputs = [heap.allocate([channels]), heap.allocate([channels])];
  const x = heap.pointer(info!);
  // Sums of squares lose the digits that a large mean takes: the first row stands near the mean.
  const both = sums(heap, 'squares', info!, [x, x]);
  const count = heap.length(info!) / channels;
  const pivot = heap.view(info!);
  const [mean, variance] = outputs.map((output) => heap.view(output));
  for (let c = 0; c < channels; c++) {
    const shift = both[c]! / count;
    mean![c] = pivot[c]! + shift;
    variance![c] = Math.max(0, both[channels + c]! / count - shift * shift);
  }
  return outputs;
});

/** (x - centre)·slope + shift of rows of channels, which come in fours. */
export function rescale(
  heap: Heap,
  x: tf.TensorInfo,
  { centre, slope, shift }: Record<'centre' | 'slope' | 'shift', tf.TensorInfo>,
): tf.TensorInfo {
  const channels = x.shape.at(-1)!;
  const output = heap.allocate(x.shape);
  const [from, to, ...rows] = [x, output, centre, slope, shift].map((info) => heap.pointer(info));
  const grain = Math.ceil(ROW_GRAIN / channels);
  heap.run('affine', heap.length(x) / channels, grain, from!, to!, 4 * channels, ...rows);
  return output;
}

/** x, mean [C], variance [C], gamma [C], beta [C], and where there is one the bias [C] that x came without; λ, ε → the
 * normalised x, then the annealed activation, none at 0. */
export const normalise = heapKernel(
  'Normalise',
  (heap, [x, mean, variance, gamma, beta, bias], [lambda, epsilon]) => {
    const channels = x!.shape.at(-1)!;
    const slope = heap.scratch(channels);
    const centre = bias ? heap.scratch(channels) : mean!;
    const [a, g, v] = [heap.view(slope), heap.view(gamma!), heap.view(variance!)];
    for (let c = 0; c < channels; c++) a[c] = g[c]! / Math.sqrt(v[c]! + epsilon!);
    if (bias) {
      const [b, m, ahead] = [heap.view(centre), heap.view(mean!), heap.view(bias)];
      for (let c = 0; c < channels; c++) b[c] = m[c]! - ahead[c]!;
    }
    const y = rescale(heap, x!, { centre, slope, shift: beta! });
    if (lambda !== 0) activate(heap, y, y, lambda!);
    return [y];
  },
  { annealed: true },
);

/** dy, x, mean, variance, gamma; ε → [dx, dγ, dβ]. With x̂ the normalised x and m rows: dβ = Σ dy, dγ = Σ dy·x̂,
 * dx = γ/σ·(dy - dβ/m - x̂·dγ/m). */
export const normaliseGradient = heapKernel(
  'NormaliseGradient',
  (heap, [dy, x, mean, variance, gamma], [epsilon]) => {
    const channels = x!.shape.at(-1)!;
    const outputs: tf.TensorInfo[] = [x!.shape, [channels], [channels]].map((s) => heap.allocate(s));
    const factors = [heap.scratch(channels), heap.scratch(channels), heap.scratch(channels)];
    const [dyAt, xAt, dxAt] = [dy!, x!, outputs[0]!].map((info) => heap.pointer(info));
    const both = sums(heap, 'products', x!, [dyAt!, xAt!, heap.pointer(mean!)]);
    const [, dGamma, dBeta] = outputs.map((info) => heap.view(info));
    const [a, b, d] = factors.map((info) => heap.view(info));
    const [g, m, v] = [gamma!, mean!, variance!].map((info) => heap.view(info));
    const count = heap.length(x!) / channels;
    for (let c = 0; c < channels; c++) {
      const inverse = 1 / Math.sqrt(v![c]! + epsilon!);
      const scale = g![c]! * inverse;
      const slope = both[channels + c]! * inverse;
      const tilt = (-scale * inverse * slope) / count;
      dBeta![c] = both[c]!;
      dGamma![c] = slope;
      a![c] = scale;
      b![c] = tilt;
      d![c] = (-scale * both[c]!) / count - m![c]! * tilt;
    }
    const rows = factors.map((info) => heap.pointer(info));
    heap.run(
      ...(['affineGradient', count, Math.ceil(ROW_GRAIN / channels)] as const),
      ...[dyAt!, xAt!, dxAt!, 4 * channels, ...rows],
    );
    return outputs;
  },
);
