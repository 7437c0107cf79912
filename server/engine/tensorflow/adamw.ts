/** AdamW by TensorFlow's own optimizer kernels, which pass over the vectors once. */
import type * as tf from '@tensorflow/tfjs-core';
import type { AdamwBetas, AdamwState } from '../../nn/portable/adamw.ts';
import { FLOAT32, FLOATS, type Attributes } from './attributes.ts';
import { Chain } from './execute.ts';

const VALUE: Attributes = { dtype: FLOAT32 };
const NONE: Attributes = {};
const ADAM: Attributes = { ...FLOATS, use_locking: false, use_nesterov: false };
const UNPACK: Attributes = { ...FLOATS, num: { int: 3 }, axis: { int: 0 } };
const DESCENT: Attributes = { ...FLOATS, use_locking: false };

export function adamw(
  { weights, mean, square }: AdamwState,
  gradient: tf.Tensor1D,
  decay: tf.Tensor1D | null,
  { beta1, beta2 }: AdamwBetas,
  rates: tf.Tensor1D,
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
    const [rate, stepSize, epsilon] = chain.outputs('Unpack', [chain.of(rates)], UNPACK, [[], [], []]);
    if (decay) {
      const pull = chain.op('Mul', [chain.of(weights), chain.of(decay)], FLOATS, weights.shape);
      chain.effect('ResourceApplyGradientDescent', [w, rate!.id, pull.id], DESCENT);
    }
    // Powers of β of 0 make the kernel take the rate as the size of the step.
    const none = chain.constant(0);
    const numbers = [none, none, stepSize!.id, chain.constant(beta1), chain.constant(beta2), epsilon!.id];
    chain.effect('ResourceApplyAdam', [w, m, v, ...numbers, chain.of(gradient)], ADAM);
    const [nextWeights, nextMean, nextSquare] = variables.map((id) => {
      const value = chain.op('ReadVariableOp', [id], VALUE, weights.shape);
      chain.effect('DestroyResourceOp', [id], NONE);
      return chain.tensor<tf.Tensor1D>(value);
    });
    return { weights: nextWeights!, mean: nextMean!, square: nextSquare! };
  });
}
