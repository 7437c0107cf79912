/** AdamW as one kernel over the vectors. */
import type * as tf from '@tensorflow/tfjs-core';
import type { AdamwBetas, AdamwState } from '../../nn/portable/adamw.ts';
import { flatKernel, type Made } from './kernel.ts';

const update = (decays: boolean) =>
  flatKernel({
    name: `adamw${decays ? '/decay' : ''}`,
    inputs: ['w', 'm', 'v', 'g', ...(decays ? ['decay'] : [])],
    outputs: ['next_w', 'next_m', 'next_v'],
    params: {
      rate: 'f32',
      beta1: 'f32',
      beta2: 'f32',
      // 1 - β as they are before they are rounded.
      rest1: 'f32',
      rest2: 'f32',
      epsilon: 'f32',
      step_size: 'f32',
    },
    body: `
  let mean = m[i] * p.beta1 + g[i] * p.rest1;
  let square = v[i] * p.beta2 + g[i] * g[i] * p.rest2;
  let weight = w[i]${decays ? ' - w[i] * decay[i] * p.rate' : ''};
  next_w[i] = weight - mean / (sqrt(square) + p.epsilon) * p.step_size;
  next_m[i] = mean;
  next_v[i] = square;`,
  });

const plain = update(false);
const decaying = update(true);

/** See Ops.adamw. */
export function adamw(
  { weights, mean, square }: AdamwState,
  gradient: tf.Tensor1D,
  decay: tf.Tensor1D | null,
  { beta1, beta2 }: AdamwBetas,
  rates: tf.Tensor1D,
): AdamwState {
  const numbers: Made<'rate' | 'beta1' | 'beta2' | 'rest1' | 'rest2' | 'epsilon' | 'step_size'> = {
    of: rates,
    make([rate, stepSize, epsilon]) {
      const fixed = { beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2 };
      return { ...fixed, rate: rate!, step_size: stepSize!, epsilon: epsilon! };
    },
  };
  const shapes = [weights.shape, weights.shape, weights.shape];
  const inputs = [weights, mean, square, gradient];
  const next = decay ? decaying([...inputs, decay], shapes, numbers) : plain(inputs, shapes, numbers);
  const [nextWeights, nextMean, nextSquare] = next as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  return { weights: nextWeights, mean: nextMean, square: nextSquare };
}
