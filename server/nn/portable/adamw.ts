/** AdamW (Loshchilov and Hutter 2019) in PyTorch's conventions, over vectors. */
import * as tf from '@tensorflow/tfjs-core';

/** What stays the same from update to update. */
export interface AdamwBetas {
  beta1: number;
  beta2: number;
}

/** What does not, as numbers for a tensor [3]: the rate of the decay, that of the step, and what keeps it finite. With
 * `updates` t done, the one at hand included, m / (1 - β₁ᵗ) and √(v / (1 - β₂ᵗ)) are without bias; the factors are taken
 * together here: rate·√(1 - β₂ᵗ) / (1 - β₁ᵗ) and ε·√(1 - β₂ᵗ). */
export function adamwRates(
  { beta1, beta2, epsilon }: AdamwBetas & { epsilon: number },
  learningRate: number,
  updates: number,
): [decayRate: number, stepSize: number, epsilon: number] {
  const root = Math.sqrt(1 - beta2 ** updates);
  return [learningRate, (learningRate * root) / (1 - beta1 ** updates), epsilon * root];
}

/** All vectors are [L]. */
export interface AdamwState {
  weights: tf.Tensor1D;
  /** Running mean of the gradient, and of its square. */
  mean: tf.Tensor1D;
  square: tf.Tensor1D;
}

/** w ← w·(1 - rate·decay); m and v are running means of g and g²; w ← w - step·m / (√v + ε). See Ops.adamw. */
export function adamw(
  { weights, mean, square }: AdamwState,
  gradient: tf.Tensor1D,
  decay: tf.Tensor1D | null,
  { beta1, beta2 }: AdamwBetas,
  rates: tf.Tensor1D,
): AdamwState {
  const [rate, stepSize, epsilon] = tf.unstack(rates) as [tf.Scalar, tf.Scalar, tf.Scalar];
  const w = decay ? tf.sub(weights, tf.mul(tf.mul(weights, decay), rate)) : weights;
  const m = tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1)) as tf.Tensor1D;
  const v = tf.add(tf.mul(square, beta2), tf.mul(tf.square(gradient), 1 - beta2)) as tf.Tensor1D;
  const update = tf.mul(tf.div(m, tf.add(tf.sqrt(v), epsilon)), stepSize);
  return { weights: tf.sub(w, update), mean: m, square: v };
}
