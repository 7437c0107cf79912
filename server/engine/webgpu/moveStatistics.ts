/** The running statistics, one dispatch a normalisation. */
import type * as tf from '@tensorflow/tfjs-core';
import type { StatisticsMove } from '../../nn/portable/moveStatistics.ts';
import { flatKernel } from './kernel.ts';

const move = (biased: boolean) =>
  flatKernel({
    name: `moveStatistics${biased ? '/bias' : ''}`,
    inputs: ['mean', 'variance', 'running_mean', 'running_variance', ...(biased ? ['bias'] : [])],
    outputs: ['next_mean', 'next_variance'],
    params: { kept: 'f32', taken: 'f32', taken_unbiased: 'f32' },
    body: `
  next_mean[i] = running_mean[i] * p.kept + (mean[i]${biased ? ' + bias[i]' : ''}) * p.taken;
  next_variance[i] = running_variance[i] * p.kept + variance[i] * p.taken_unbiased;`,
  });

const plain = move(false);
const afterBias = move(true);

/** See Ops.moveStatistics. */
export function moveStatistics(moves: readonly StatisticsMove[]): StatisticsMove['running'][] {
  return moves.map(({ mean, variance, bias, running, momentum, correction }) => {
    const params = { kept: 1 - momentum, taken: momentum, taken_unbiased: momentum * correction };
    const inputs = [mean, variance, running.mean, running.variance];
    const shapes = [mean.shape, variance.shape];
    const next = bias ? afterBias([...inputs, bias], shapes, params) : plain(inputs, shapes, params);
    const [nextMean, nextVariance] = next as [tf.Tensor1D, tf.Tensor1D];
    return { mean: nextMean, variance: nextVariance };
  });
}
