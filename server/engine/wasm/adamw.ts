/** AdamW as one pass over all parameters on the wasm heap. */
import type * as tf from '@tensorflow/tfjs-core';
import { portableOps, type Ops } from '../../nn/ops.ts';
import { heapKernel } from './heap.ts';

/** Quarters (four values) of one part. */
const GRAIN = 8192;

/** weights, mean, square, gradient, decay, all [L], and the rates [3] of adamwRates; β₁, β₂, and 1 where the decay counts →
 * the next weights, mean and square. */
const kernel = heapKernel('Adamw', (heap, inputs, [beta1, beta2, decays]) => {
  const vectors = inputs.slice(0, 5);
  const outputs = inputs.slice(0, 3).map(({ shape }) => heap.allocate(shape));
  const [rate, stepSize, epsilon] = heap.view(inputs[5]!) as unknown as [number, number, number];
  const length = inputs[0]!.shape[0]!;
  const pointers = [...vectors, ...outputs].map((info) => heap.pointer(info));
  const numbers = [decays! * rate, beta1!, 1 - beta1!, beta2!, 1 - beta2!, epsilon, stepSize];
  heap.run('adamw', Math.ceil(length / 4), GRAIN, ...pointers, ...numbers, length);
  return outputs;
});

/** See Ops.adamw; the formula is the portable one. */
export const adamw: Ops['adamw'] = (state, gradient, decay, betas, rates) => {
  if (gradient.size < 4) return portableOps.adamw(state, gradient, decay, betas, rates);
  const { weights, mean, square } = state;
  // Where nothing decays, any vector does, at a rate of 0.
  const vectors = [weights, mean, square, gradient, decay ?? gradient];
  const [w, m, v] = kernel([...vectors, rates], betas.beta1, betas.beta2, decay ? 1 : 0);
  return { weights: w as tf.Tensor1D, mean: m as tf.Tensor1D, square: v as tf.Tensor1D };
};
