/** AdamW as one pass over all parameters on the wasm heap. */
import * as tf from '@tensorflow/tfjs-core';
import { portableOps, type Ops } from '../../nn/ops.ts';
import { heapKernel } from './heap.ts';

/** Quarters (four values) of one part. */
const GRAIN = 8192;

const kernel = heapKernel('Adamw', (heap, inputs, numbers) => {
  const outputs = inputs.slice(0, 3).map(({ shape }) => heap.allocate(shape));
  const length = inputs[0]!.shape[0]!;
  const pointers = [...inputs, ...outputs].map((info) => heap.pointer(info));
  heap.run('adamw', Math.ceil(length / 4), GRAIN, ...pointers, ...numbers, length);
  return outputs;
});

/** See Ops.adamw; the formula is the portable one. */
export const adamw: Ops['adamw'] = (state, gradient, decay, rates) => {
  if (gradient.size < 4) return portableOps.adamw(state, gradient, decay, rates);
  const { learningRate, beta1, beta2, epsilon, step } = rates;
  const { weights, mean, square } = state;
  const zeros = decay ? null : tf.zerosLike(weights);
  const [w, m, v] = kernel(
    // Where nothing decays, any vector does, at a rate of 0.
    [weights, mean, square, gradient, decay ?? zeros!],
    ...[decay ? learningRate : 0, beta1, 1 - beta1, beta2, 1 - beta2],
    ...[Math.sqrt(1 - beta2 ** step), epsilon, learningRate / (1 - beta1 ** step)],
  ) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  zeros?.dispose();
  return { weights: w, mean: m, square: v };
};
