/** The running means and variances of all normalisations, moved together at the end of a training pass: a dozen kernels
 * a step, where moving each by itself takes a dozen a layer. */
import * as tf from '@tensorflow/tfjs-core';
import type { BatchNorm } from './batchNorm.ts';
import { joined, parted, repeated } from './vectors.ts';

export interface BatchStatistics {
  norm: BatchNorm;
  /** Of the batch, [C], the variance biased. */
  mean: tf.Tensor1D;
  variance: tf.Tensor1D;
  /** Values of each channel, N·H·W. */
  count: number;
}

/** What one training pass saw. */
export class RunningStatistics {
  readonly #batch: BatchStatistics[] = [];

  /** Takes the tensors over, until `settle`. */
  note(statistics: BatchStatistics): void {
    tf.keep(statistics.mean);
    tf.keep(statistics.variance);
    this.#batch.push(statistics);
  }

  /** running ← (1 - momentum)·running + momentum·batch. */
  settle(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    const norms = batch.map(({ norm }) => norm);
    const variables = [...norms.map(({ mean }) => mean), ...norms.map(({ variance }) => variance)];
    const sizes = variables.map(({ size }) => size);
    const momenta = [...norms, ...norms].map(({ options }) => options.momentum);
    // PyTorch keeps the unbiased variance; a single value has none.
    const factors = [...batch.map(() => 1), ...batch.map(({ count }) => count / Math.max(1, count - 1))];
    tf.tidy(() => {
      const means = tf.add(
        joined(batch.map(({ mean }) => mean)),
        joined(norms.map((norm) => norm.biasAhead())),
      );
      const seen = joined([means, ...batch.map(({ variance }) => variance)]);
      const kept = repeated(
        momenta.map((momentum) => 1 - momentum),
        sizes,
      );
      const taken = repeated(
        momenta.map((momentum, i) => momentum * factors[i]!),
        sizes,
      );
      const next = tf.add(tf.mul(joined(variables), kept), tf.mul(seen, taken)) as tf.Tensor1D;
      parted(next, sizes).forEach((value, i) => variables[i]!.assign(value));
    });
    tf.dispose(batch.flatMap(({ mean, variance }) => [mean, variance]));
  }
}
