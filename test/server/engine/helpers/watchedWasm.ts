/** The tensors that lie on wasm's heap. */
import * as tf from '@tensorflow/tfjs-core';
import type { Watched } from '../traces.ts';

export function watchWasm(): Watched {
  const backend = tf.backend();
  const real = tf.getKernel('Concat', 'wasm');
  let seen = backend.numDataIds();
  let failing = false;
  const register = (kernelFunc: tf.KernelFunc): void => {
    tf.unregisterKernel('Concat', 'wasm');
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
