/** The merge of a pair (paper, section 3.1, eq. 3 and 4): two convolutions with the identity between them are one. */
import * as tf from '@tensorflow/tfjs-core';
import type { Plain } from './conv.ts';

/** One convolution for a k×k one followed by a 1×1 one: with W₁ as a matrix [k·k·I, M] and W₂ as [M, O],
 * W = W₁·W₂ and b = b₁·W₂ + b₂. Both are given with their normalisations folded in. */
export function mergePair(first: Plain, second: Plain): Plain {
  const [height, width, inputs, middle] = first.weight.shape;
  const outputs = second.weight.shape[3];
  const matrix = tf.reshape(second.weight, [middle, outputs]);
  const weight = tf.matMul(tf.reshape(first.weight, [height * width * inputs, middle]), matrix);
  const bias = tf.matMul(tf.reshape(first.bias, [1, middle]), matrix);
  return {
    weight: tf.reshape(weight, [height, width, inputs, outputs]),
    bias: tf.add(tf.reshape(bias, [outputs]), second.bias),
  };
}
