/** Loss and gradients of a network by the names of its parameters. */
import * as tf from '@tensorflow/tfjs-core';
import type { VanillaNet } from './vanillanet.ts';

export interface LossAndGradients {
  loss: tf.Scalar;
  /** One for each of the network's `parameters`, in their order; zeros where the loss can't depend on one. */
  gradients: Map<string, tf.Tensor>;
}

/** Evaluates `loss` and its gradients; the caller disposes of the loss and of every gradient. tfjs-core registers no
 * gradients in Node: `loss` is to be made of operations that bring their own (the network's, the training's loss). */
export function lossAndGradients(net: VanillaNet, loss: () => tf.Scalar): LossAndGradients {
  const { trained, parameters } = net;
  const result = tf.variableGrads(loss, [...trained.values()]);
  const gradients = new Map<string, tf.Tensor>();
  for (const [name, variable] of parameters)
    gradients.set(name, result.grads[variable.name] ?? tf.zeros(variable.shape));
  return { loss: result.value, gradients };
}
