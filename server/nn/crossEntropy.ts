/** The classifier's loss. */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './portable/gradient.ts';

/** Mean over images of -Σ target·log softmax(logits), in nats. Logits and targets are [N, classes]; targets are
 * probabilities and take no gradient. */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  const images = logits.shape[0];
  return withGradient([logits], (save, logits: tf.Tensor2D) => {
    const shifted = tf.sub(logits, tf.max(logits, 1, true));
    const logarithms = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
    save([tf.sub(tf.exp(logarithms), targets)]);
    return {
      value: tf.mul(tf.sum(tf.mul(targets, logarithms)), -1 / images) as tf.Scalar,
      gradient: (dy: tf.Scalar, [difference]) => [tf.mul(difference!, tf.div(dy, images))],
    };
  });
}

/** Target probabilities [N, classes] of labels: 1 - smoothing for the label, and `smoothing` spread evenly over all
 * classes, as PyTorch does it. */
export function targetsOf(labels: ArrayLike<number>, classes: number, smoothing = 0): tf.Tensor2D {
  const values = new Float32Array(labels.length * classes).fill(smoothing / classes);
  for (let i = 0; i < labels.length; i++) values[i * classes + labels[i]!]! += 1 - smoothing;
  return tf.tensor2d(values, [labels.length, classes]);
}
