/** Gradients against central differences. */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../../../server/nn/portable/gradient.ts';
import { Random } from '../../../server/random.ts';

/** Seeded values at least `gap` away from zero and from each other's kinks. */
export function values(seed: number, shape: number[], gap = 0): tf.Tensor {
  const random = Random.seeded(seed, 'gradient check');
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    const value = random.normal();
    return value + Math.sign(value) * gap;
  });
  return tf.tensor(data, shape);
}

/** Values that are all `step` apart, in a random order: no two compete for a maximum. */
export function distinct(seed: number, shape: number[], step = 0.05): tf.Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const order = Random.seeded(seed, 'gradient check').permutation(count);
  return tf.tensor(
    Float32Array.from(order, (place) => (place - count / 2 + 0.5) * step),
    shape,
  );
}

/** The largest difference between the gradient of Σ r·f(inputs), r random, and its central differences, relative to
 * the largest gradient of each input. */
export function gradientError(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  step = 1e-2,
): number {
  const shape = tf.tidy(() => f(...inputs).shape);
  const weights = values(99, shape);
  const r = weights.dataSync();
  // Summed in float64, so that the difference of two sums keeps its digits.
  const evaluate = (at: tf.Tensor[]): number =>
    tf.tidy(() => {
      const y = Float32Array.from(f(...at).dataSync());
      return y.reduce((sum, value, i) => sum + value * r[i]!, 0);
    });
  const loss = (...at: tf.Tensor[]): tf.Scalar =>
    withGradient([f(...at)], (_save, y: tf.Tensor) => ({
      value: tf.sum(tf.mul(y, weights)) as tf.Scalar,
      gradient: (dy: tf.Scalar) => [tf.mul(weights, dy)],
    }));
  const gradients = tf.grads(loss)(inputs);
  let worst = 0;
  gradients.forEach((gradient, which) => {
    const exact = Float32Array.from(gradient.dataSync());
    const scale = exact.reduce((most, g) => Math.max(most, Math.abs(g)), 1e-6);
    const base = Float32Array.from(inputs[which]!.dataSync());
    for (let i = 0; i < base.length; i++) {
      const at = (value: number): number => {
        const moved = Float32Array.from(base);
        moved[i] = value;
        const replaced = inputs.map((t, k) => (k === which ? tf.tensor(moved, t.shape) : t));
        const result = evaluate(replaced);
        replaced[which]!.dispose();
        return result;
      };
      const [high, low] = [Math.fround(base[i]! + step), Math.fround(base[i]! - step)];
      const difference = (at(high) - at(low)) / (high - low);
      worst = Math.max(worst, Math.abs(difference - exact[i]!) / scale);
    }
  });
  tf.dispose([weights, ...gradients]);
  return worst;
}
