/** Many vectors as one, so that what is done to all of them costs the kernels of one. */
import * as tf from '@tensorflow/tfjs-core';

/** Vectors end to end. */
export function joined(parts: readonly tf.Tensor[]): tf.Tensor1D {
  return tf.concat1d(parts as tf.Tensor1D[]);
}

/** A vector [Σ sizes] as vectors of `sizes`. */
export function parted(vector: tf.Tensor1D, sizes: readonly number[]): tf.Tensor1D[] {
  return sizes.length > 1 ? tf.split(vector, [...sizes]) : [vector];
}

/** One number a part, repeated over the part's values: [Σ sizes]. */
export function repeated(values: readonly number[], sizes: readonly number[]): tf.Tensor1D {
  const data = new Float32Array(sizes.reduce((a, b) => a + b, 0));
  let at = 0;
  sizes.forEach((size, i) => data.fill(values[i]!, at, (at += size)));
  return tf.tensor1d(data);
}
