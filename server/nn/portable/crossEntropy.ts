/** What training minimises, and what people read beside it. */
import * as tf from '@tensorflow/tfjs-core';

/** See Ops.crossEntropy. The gradient is (softmax - target) / N, which saves the backward kernels of a composed loss. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, smoothing: number): tf.Scalar {
  const [count, classes] = logits.shape;
  // Scaled afterwards: not every backend's oneHot kernel takes fractions.
  const target = tf.add(
    tf.mul(tf.cast(tf.oneHot(labels, classes), 'float32'), 1 - smoothing),
    smoothing / classes,
  );
  const loss = tf.customGrad((x: tf.Tensor | tf.GradSaveFunc, save: tf.Tensor | tf.GradSaveFunc) => {
    const logProbability = tf.logSoftmax(x as tf.Tensor2D);
    (save as tf.GradSaveFunc)([logProbability, target]);
    return {
      value: tf.div(tf.sum(tf.mul(logProbability, target)), -count),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.mul(tf.sub(tf.exp(saved[0]!), saved[1]!), tf.div(dy, count)),
    };
  });
  return loss(logits) as tf.Scalar;
}

/** See Ops.countCorrect. */
export function countCorrect(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'));
}
