/** AdamW (Loshchilov and Hutter 2019) in PyTorch's conventions, over vectors. */
import * as tf from '@tensorflow/tfjs-core';

/** What one update needs besides the vectors. */
export interface AdamwRates {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Updates done, this one included: from 1. */
  step: number;
}

/** All vectors are [L]. */
export interface AdamwState {
  weights: tf.Tensor1D;
  /** Running mean of the gradient, and of its square. */
  mean: tf.Tensor1D;
  square: tf.Tensor1D;
}

/** w ← w·(1 - rate·decay); m and v are running means of g and g²; w ← w - rate·m̂ / (√v̂ + ε). See Ops.adamw. */
export function adamw(
  { weights, mean, square }: AdamwState,
  gradient: tf.Tensor1D,
  decay: tf.Tensor1D | null,
  { learningRate, beta1, beta2, epsilon, step }: AdamwRates,
): AdamwState {
  const w = decay ? tf.sub(weights, tf.mul(tf.mul(weights, decay), learningRate)) : weights;
  const m = tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1)) as tf.Tensor1D;
  const v = tf.add(tf.mul(square, beta2), tf.mul(tf.square(gradient), 1 - beta2)) as tf.Tensor1D;
  const denominator = tf.add(tf.div(tf.sqrt(v), Math.sqrt(1 - beta2 ** step)), epsilon);
  const update = tf.mul(tf.div(m, denominator), learningRate / (1 - beta1 ** step));
  return { weights: tf.sub(w, update), mean: m, square: v };
}
