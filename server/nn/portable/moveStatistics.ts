/** The running statistics of all normalisations moved together: a dozen kernels a step, where moving each by itself
 * takes a dozen a layer. */
import * as tf from '@tensorflow/tfjs-core';
import { joined, parted, repeated } from './vectors.ts';

/** One normalisation after a batch; all tensors are [C]. */
export interface StatisticsMove {
  /** Of the batch, without the bias ahead; the variance biased (divided by N·H·W). */
  mean: tf.Tensor1D;
  variance: tf.Tensor1D;
  /** Added to the mean; null where there is none. */
  bias: tf.Tensor1D | null;
  running: { mean: tf.Tensor1D; variance: tf.Tensor1D };
  /** Share of the batch in the new statistics (PyTorch's sense). */
  momentum: number;
  /** What makes the variance unbiased, as PyTorch keeps it. */
  correction: number;
}

/** See Ops.moveStatistics. */
export function moveStatistics(moves: readonly StatisticsMove[]): StatisticsMove['running'][] {
  const sizes = [...moves, ...moves].map(({ mean }) => mean.size);
  const momenta = [...moves, ...moves].map(({ momentum }) => momentum);
  const factors = [...moves.map(() => 1), ...moves.map(({ correction }) => correction)];
  return tf.tidy(() => {
    const biases = moves.map(({ bias, mean }) => bias ?? (tf.zeros(mean.shape) as tf.Tensor1D));
    const means = tf.add(joined(moves.map(({ mean }) => mean)), joined(biases));
    const seen = joined([means, ...moves.map(({ variance }) => variance)]);
    const before = joined([
      ...moves.map(({ running }) => running.mean),
      ...moves.map(({ running }) => running.variance),
    ]);
    const kept = repeated(
      momenta.map((momentum) => 1 - momentum),
      sizes,
    );
    const taken = repeated(
      momenta.map((momentum, i) => momentum * factors[i]!),
      sizes,
    );
    const next = tf.add(tf.mul(before, kept), tf.mul(seen, taken)) as tf.Tensor1D;
    const parts = parted(
      next,
      sizes.map((size) => [size]),
    ) as tf.Tensor1D[];
    return moves.map((_, i) => ({ mean: parts[i]!, variance: parts[moves.length + i]! }));
  });
}
