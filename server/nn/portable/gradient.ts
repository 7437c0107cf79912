/** A function with a gradient of its own, typed: tf.customGrad takes tensors and the saver in one untyped list. */
import * as tf from '@tensorflow/tfjs-core';

type Save = (tensors: tf.Tensor[]) => void;

export interface Differentiable<Output extends tf.Tensor> {
  value: Output;
  /** The gradient of each input, in order, from that of the output and from what was saved. */
  gradient: (dy: Output, saved: tf.Tensor[]) => tf.Tensor[];
}

/** Gradients that were made here: nobody else holds one, so it is free once the function before has taken it back. */
const passing = new WeakSet<tf.Tensor>();

/** Where nothing is recorded, what is saved goes with the scope. */
const forget: Save = () => undefined;

/** Evaluates `define` on `inputs`; nothing inside is recorded, the gradient given is used instead. What was saved, and
 * the output's gradient, go as soon as the inputs' gradients are there: the tape itself would keep all until the last,
 * and every activation would come from cold memory. */
export function withGradient<Inputs extends tf.Tensor[], Output extends tf.Tensor>(
  inputs: [...Inputs],
  define: (save: Save, ...inputs: Inputs) => Differentiable<Output>,
): Output {
  if (!tf.engine().isTapeOn()) return tf.tidy(() => define(forget, ...inputs).value);
  return tf.customGrad<Output>((...args) => {
    const save = args.pop() as unknown as Save;
    const { value, gradient } = define(save, ...(args as unknown as Inputs));
    const gradFunc = (dy: Output, saved: tf.Tensor[]): tf.Tensor[] => {
      const gradients = tf.tidy(() => gradient(dy, saved));
      for (const tensor of gradients) passing.add(tensor);
      const gone = passing.has(dy) ? [...saved, dy] : saved;
      for (const tensor of gone) if (!gradients.includes(tensor)) tensor.dispose();
      return gradients;
    };
    return { value, gradFunc };
  })(...inputs);
}
