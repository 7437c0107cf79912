/** Minimum, maximum, sum and levels of a tap in one pass over each channel, on the wasm heap. */
import type * as tf from '@tensorflow/tfjs-core';
import { portableOps } from '../../nn/ops.ts';
import { SMALLEST_RANGE } from '../../nn/portable/quantise.ts';
import { heapKernel } from './heap.ts';

/** Values of one part, about. */
const GRAIN = 65_536;

const kernel = heapKernel('Quantise', (heap, [info]) => {
  const [probes, height, width, channels] = info!.shape as [number, number, number, number];
  const output = heap.allocate([3 * channels + heap.view(info!).length]);
  const [x, out] = [heap.pointer(info!), heap.pointer(output)];
  const grain = Math.ceil(GRAIN / (4 * probes * height * width));
  heap.run('quantise', channels / 4, grain, x, out, probes, height * width, 4 * channels, SMALLEST_RANGE);
  return [output];
});

/** See Ops.quantise. */
export function quantise(x: tf.Tensor4D): tf.Tensor1D {
  return x.shape[3] % 4 === 0 ? (kernel([x])[0] as tf.Tensor1D) : portableOps.quantise(x);
}
