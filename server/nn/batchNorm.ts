/** Batch normalisation: the batch's statistics while training, the running ones afterwards. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Folding } from './folding.ts';
import { ops, type RunningNorm } from './ops.ts';
import { affine } from './portable/affine.ts';
import { RunningStatistics } from './runningStatistics.ts';
import { named, ones, zeros, type NamedVariable } from './variables.ts';

export interface BatchNormOptions {
  epsilon: number;
  /** Share of a new batch in the running statistics (PyTorch's sense). */
  momentum: number;
}

export class BatchNorm {
  readonly gamma: tf.Variable;
  readonly beta: tf.Variable;
  readonly mean: tf.Variable;
  readonly variance: tf.Variable;
  readonly options: BatchNormOptions;
  /** Bias of the layer ahead, [C], or null. It only moves the mean, so it is added to the running mean and nowhere
   * else: what is normalised comes without it. */
  readonly bias: tf.Variable | null;

  constructor(channels: number, options: BatchNormOptions, bias: tf.Variable | null) {
    this.gamma = ones([channels]);
    this.beta = zeros([channels]);
    this.mean = zeros([channels]);
    this.variance = ones([channels]);
    this.options = options;
    this.bias = bias;
  }

  /** x [N,H,W,C], normalised by its own statistics, which a training pass notes, or by the running ones in inference; then
   * the annealed activation at `lambda`, which is none at 0. */
  apply(x: tf.Tensor4D, pass: RunningStatistics | Folding, lambda = 0): tf.Tensor4D {
    return pass instanceof RunningStatistics ? this.#train(x, pass, lambda) : this.#infer(x, pass, lambda);
  }

  #train(x: tf.Tensor4D, running: RunningStatistics, lambda: number): tf.Tensor4D {
    const { gamma, beta, epsilon } = this.running;
    const result = ops().batchNormTrain(x, gamma, beta, epsilon, lambda);
    running.note({ norm: this, mean: result.mean, variance: result.variance, count: x.size / x.shape[3] });
    return result.y;
  }

  #infer(x: tf.Tensor4D, folding: Folding, lambda: number): tf.Tensor4D {
    const { batchNormInfer } = ops();
    if (batchNormInfer) return batchNormInfer(x, this.running, lambda);
    const { scale, shift } = folding.affine(this);
    return affine(x, scale, shift, lambda);
  }

  /** As inference takes it; the tensors are the variables themselves. */
  get running(): RunningNorm {
    const { gamma, beta, mean, variance, bias } = this;
    const tensors = { gamma, beta, mean, variance, bias } as unknown as Omit<RunningNorm, 'epsilon'>;
    return { ...tensors, epsilon: this.options.epsilon };
  }

  variables(): NamedVariable[] {
    return [
      named('weight', this.gamma),
      named('bias', this.beta),
      named('running_mean', this.mean, 'plain', 'statistic'),
      named('running_var', this.variance, 'plain', 'statistic'),
    ];
  }
}
