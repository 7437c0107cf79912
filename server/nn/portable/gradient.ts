/** A function with a gradient of its own, typed: tf.customGrad takes tensors and the saver in one untyped list. */
import * as tf from '@tensorflow/tfjs-core';

type Save = (tensors: tf.Tensor[]) => void;

export interface Differentiable<Output extends tf.Tensor> {
  value: Output;
  /** The gradient of each input, in order, from that of the output and from what was saved. */
  gradient: (dy: Output, saved: tf.Tensor[]) => tf.Tensor[];
}

/** Evaluates `define` on `inputs`; nothing inside is recorded, the gradient given is used instead. */
export function withGradient<Inputs extends tf.Tensor[], Output extends tf.Tensor>(
  inputs: [...Inputs],
  define: (save: Save, ...inputs: Inputs) => Differentiable<Output>,
): Output {
  return tf.customGrad<Output>((...args) => {
    const save = args.pop() as unknown as Save;
    const { value, gradient } = define(save, ...(args as unknown as Inputs));
    return { value, gradFunc: gradient };
  })(...inputs);
}
