/** Many tensors as one vector, so that what is done to all of them costs the kernels of one. */
import * as tf from '@tensorflow/tfjs-core';

/** See Ops.joined. */
export function joined(parts: readonly tf.Tensor[]): tf.Tensor1D {
  return tf.tidy(() => tf.concat1d(parts.map(asVector)));
}

/** See Ops.parted. */
export function parted(vector: tf.Tensor1D, shapes: readonly (readonly number[])[]): tf.Tensor[] {
  return tf.tidy(() => {
    const sizes = shapes.map((shape) => tf.util.sizeFromShape(shape as number[]));
    const parts = sizes.length > 1 ? tf.split(vector, sizes) : [vector];
    return parts.map((part, i) => (shapes[i]!.length === 1 ? part : tf.reshape(part, shapes[i] as number[])));
  });
}

/** One number a part, repeated over the part's values: [Σ sizes]. */
export function repeated(values: readonly number[], sizes: readonly number[]): tf.Tensor1D {
  const data = new Float32Array(sizes.reduce((a, b) => a + b, 0));
  let at = 0;
  sizes.forEach((size, i) => data.fill(values[i]!, at, (at += size)));
  return tf.tensor1d(data);
}

function asVector(tensor: tf.Tensor): tf.Tensor1D {
  return tensor.rank === 1 ? (tensor as tf.Tensor1D) : tf.reshape(tensor, [tensor.size]);
}
