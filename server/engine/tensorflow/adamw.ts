/** AdamW by TensorFlow's own optimizer kernels, which pass over the vectors once. */
import type * as tf from '@tensorflow/tfjs-core';
import type { AdamwRates, AdamwState } from '../../nn/portable/adamw.ts';
import { FLOAT32, FLOATS, type Attributes } from './attributes.ts';
import { Chain } from './execute.ts';

const VALUE: Attributes = { dtype: FLOAT32 };
const NONE: Attributes = {};
const ADAM: Attributes = { ...FLOATS, use_locking: false, use_nesterov: false };
const DESCENT: Attributes = { ...FLOATS, use_locking: false };

export function adamw(
  { weights, mean, square }: AdamwState,
  gradient: tf.Tensor1D,
  decay: tf.Tensor1D | null,
  { learningRate, beta1, beta2, epsilon, step }: AdamwRates,
): AdamwState {
  return Chain.run((chain) => {
    const variables = [weights, mean, square].map((tensor, i) => {
      const named = {
        dtype: FLOAT32,
        shape: { shape: tensor.shape },
        container: '',
        shared_name: `adamw${i}`,
      };
      const { id } = chain.op('VarHandleOp', [], named, []);
      chain.effect('AssignVariableOp', [id, chain.of(tensor)], VALUE);
      return id;
    });
    const [w, m, v] = variables as [number, number, number];
    if (decay) {
      const pull = chain.op('Mul', [chain.of(weights), chain.of(decay)], FLOATS, weights.shape);
      chain.effect('ResourceApplyGradientDescent', [w, chain.floats(learningRate), pull.id], DESCENT);
    }
    const correction2 = 1 - beta2 ** step;
    // The kernel adds epsilon to √v, PyTorch to √(v / (1 - β₂ᵗ)).
    const numbers = [
      beta1 ** step,
      beta2 ** step,
      learningRate,
      beta1,
      beta2,
      epsilon * Math.sqrt(correction2),
    ];
    const inputs = numbers.map((value) => chain.floats(value));
    chain.effect('ResourceApplyAdam', [w, m, v, ...inputs, chain.of(gradient)], ADAM);
    const [nextWeights, nextMean, nextSquare] = variables.map((id) => {
      const value = chain.op('ReadVariableOp', [id], VALUE, weights.shape);
      chain.effect('DestroyResourceOp', [id], NONE);
      return chain.tensor<tf.Tensor1D>(value);
    });
    return { weights: nextWeights!, mean: nextMean!, square: nextSquare! };
  });
}
