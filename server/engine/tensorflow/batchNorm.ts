/** Batch normalisation by TensorFlow's fused kernels. */
import type * as tf from '@tensorflow/tfjs-core';
import type { BatchNormResult } from '../../nn/ops.ts';
import { withGradient } from '../../nn/portable/gradient.ts';
import { annealed } from './activations.ts';
import { FLOAT32, FLOATS } from './attributes.ts';
import { Chain, execute, toTensor, UNTOLD, type Output } from './execute.ts';

export function batchNormTrain(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  lambda = 0,
): BatchNormResult {
  const attributes = { T: FLOAT32, U: FLOAT32, epsilon, is_training: true, data_format: 'NHWC' };
  const count = x.size / x.shape[3];
  let statistics: Output[] = [];
  const y = withGradient([x, gamma, beta], (save, x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D) =>
    Chain.run((chain) => {
      const none = chain.constant(null);
      const inputs = [chain.of(x), chain.of(gamma), chain.of(beta), none, none];
      const forward = { ...attributes, exponential_avg_factor: 1 };
      const [y, mean, variance, ...reserved] = chain.outputs('FusedBatchNormV3', inputs, forward, [
        x.shape,
        ...Array.from({ length: 4 }, () => gamma.shape),
        UNTOLD,
      ]);
      // The op gives the unbiased variance.
      const biased = chain.op(
        'Mul',
        [variance!.id, chain.constant((count - 1) / count)],
        FLOATS,
        gamma.shape,
      );
      statistics = [mean!, biased].map((output) => chain.release(output));
      save([x, gamma, ...reserved.map((output) => chain.tensor(output))]);
      return {
        value: chain.tensor<tf.Tensor4D>(y!),
        gradient: (dy: tf.Tensor4D, saved) =>
          execute('FusedBatchNormGradV3', [dy, ...saved], attributes, [
            x.shape,
            gamma.shape,
            gamma.shape,
            UNTOLD,
            UNTOLD,
          ]).slice(0, 3),
      };
    }),
  );
  // Made here, so that they are tensors of the caller's scope.
  const [mean, variance] = statistics.map((output) => toTensor<tf.Tensor1D>(output));
  return { y: annealed(y, lambda), mean: mean!, variance: variance! };
}
