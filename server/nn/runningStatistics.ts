/** The running means and variances of all normalisations, moved together at the end of a training pass. */
import * as tf from '@tensorflow/tfjs-core';
import type { BatchNorm } from './batchNorm.ts';
import { ops } from './ops.ts';

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
    tf.tidy(() => {
      const moves = batch.map(({ norm, mean, variance, count }) => ({
        mean,
        variance,
        bias: norm.bias as unknown as tf.Tensor1D | null,
        running: {
          mean: norm.mean as unknown as tf.Tensor1D,
          variance: norm.variance as unknown as tf.Tensor1D,
        },
        momentum: norm.options.momentum,
        // PyTorch keeps the unbiased variance; a single value has none.
        correction: count / Math.max(1, count - 1),
      }));
      ops()
        .moveStatistics(moves)
        .forEach(({ mean, variance }, i) => {
          const { norm } = batch[i]!;
          norm.mean.assign(mean);
          norm.variance.assign(variance);
        });
    });
    tf.dispose(batch.flatMap(({ mean, variance }) => [mean, variance]));
  }
}
