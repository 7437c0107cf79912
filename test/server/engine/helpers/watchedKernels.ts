/** The tensors that a backend of tfjs's holds. */
import * as tf from '@tensorflow/tfjs-core';
import type { Watched } from '../traces.ts';

/** Of the current backend. */
export function watchKernels(): Watched {
  const backend = tf.backend();
  const name = tf.getBackend();
  const real = tf.getKernel('Concat', name);
  let seen = backend.numDataIds();
  let failing = false;
  const register = (kernelFunc: tf.KernelFunc): void => {
    tf.unregisterKernel('Concat', name);
    tf.registerKernel({ ...real, kernelFunc });
  };
  register((args) => {
    if (failing) throw new Error('Concat fails');
    return real.kernelFunc(args);
  });
  return {
    take() {
      const before = seen;
      seen = backend.numDataIds();
      return seen - before;
    },
    fail: (wanted) => void (failing = wanted),
    end: () => register(real.kernelFunc),
  };
}
