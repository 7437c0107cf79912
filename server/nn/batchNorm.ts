/** Batch normalisation: the batch's statistics while training, the running ones afterwards. */
import * as tf from '@tensorflow/tfjs-core';
import { ops } from './ops.ts';
import { named, ones, zeros, type NamedVariable } from './variables.ts';

export interface BatchNormOptions {
  epsilon: number;
  /** Share of a new batch in the running statistics (PyTorch's sense). */
  momentum: number;
}

export class BatchNorm {
  readonly #gamma: tf.Variable;
  readonly #beta: tf.Variable;
  readonly #mean: tf.Variable;
  readonly #variance: tf.Variable;
  readonly #options: BatchNormOptions;

  constructor(channels: number, options: BatchNormOptions) {
    this.#gamma = ones([channels]);
    this.#beta = zeros([channels]);
    this.#mean = zeros([channels]);
    this.#variance = ones([channels]);
    this.#options = options;
  }

  /** x [N,H,W,C], given without the bias of the layer ahead, which only moves the mean: it is added to the running
   * mean and nowhere else. */
  train(x: tf.Tensor4D, bias: tf.Variable | null): tf.Tensor4D {
    const result = ops().batchNormTrain(
      x,
      this.#gamma as unknown as tf.Tensor1D,
      this.#beta as unknown as tf.Tensor1D,
      this.#options.epsilon,
    );
    tf.tidy(() => {
      const count = x.size / x.shape[3];
      const mean = bias ? tf.add(result.mean, bias) : result.mean;
      this.#follow(this.#mean, mean, 1);
      // PyTorch keeps the unbiased variance; a single value has none.
      this.#follow(this.#variance, result.variance, count / Math.max(1, count - 1));
    });
    return result.y;
  }

  #follow(running: tf.Variable, value: tf.Tensor, factor: number): void {
    const { momentum } = this.#options;
    running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(value, momentum * factor)));
  }

  /** y = x·scale + shift with the running statistics, both [C]; `bias` is that of the layer ahead. */
  folded(bias: tf.Tensor | null): { scale: tf.Tensor1D; shift: tf.Tensor1D } {
    const scale = tf.mul(this.#gamma, tf.rsqrt(tf.add(this.#variance, this.#options.epsilon)));
    const centre = bias ? tf.sub(this.#mean, bias) : this.#mean;
    return {
      scale: scale as tf.Tensor1D,
      shift: tf.sub(this.#beta, tf.mul(centre, scale)) as tf.Tensor1D,
    };
  }

  variables(): NamedVariable[] {
    return [
      named('weight', this.#gamma),
      named('bias', this.#beta),
      named('running_mean', this.#mean, 'plain', 'statistic'),
      named('running_var', this.#variance, 'plain', 'statistic'),
    ];
  }
}
