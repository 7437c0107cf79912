/** The annealed activation between the two convolutions of a pair (paper, section 3.1, with the article's λ). */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './gradient.ts';

/** λ·ReLU(x) + (1 - λ)·x: a leaky ReLU of slope 1 - λ, and x itself at λ = 0. The slope at 0 is 1 - λ, as PyTorch
 * has it. */
export function annealed(x: tf.Tensor4D, lambda: number): tf.Tensor4D {
  if (lambda === 0) return x;
  const slope = 1 - lambda;
  return withGradient([x], (save, x: tf.Tensor4D) => {
    const y = slope === 0 ? tf.relu(x) : tf.leakyRelu(x, slope);
    // It has the sign of x, and is kept anyway by whatever takes it as an input.
    save([y]);
    return { value: y, gradient: (dy, [y]) => [tf.mul(dy, tf.step(y!, slope))] };
  });
}
