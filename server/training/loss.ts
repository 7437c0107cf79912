/** What training minimises, and what people read beside it. */
import type * as tf from '@tensorflow/tfjs-core';
import { ops } from '../nn/ops.ts';

/** Mean cross-entropy (nats) of logits [N, K] against int32 labels [N], smoothed as PyTorch does it: the target is
 * 1 - smoothing + smoothing / K for the labelled class and smoothing / K for each other one. A scalar,
 * differentiable in the logits. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, smoothing: number): tf.Scalar {
  return ops().crossEntropy(logits, labels, smoothing);
}

/** How many rows of logits [N, K] are largest at their label: a float32 scalar. */
export function countCorrect(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return ops().countCorrect(logits, labels);
}
