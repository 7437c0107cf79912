/** A cheaper Reshape kernel: tfjs-node makes, hands over and disposes of a tensor of the shape each time. */
import * as tf from '@tensorflow/tfjs-core';
import { Chain, INT32 } from './execute.ts';

const attributes = {
  float32: { T: { dtype: 'float32' }, Tshape: INT32 },
  int32: { T: { dtype: 'int32' }, Tshape: INT32 },
  bool: { T: { dtype: 'bool' }, Tshape: INT32 },
} as const;

/** Puts it in place of tfjs-node's, which keeps the types that are not used here. */
export function replaceReshape(): void {
  const theirs = tf.getKernel('Reshape', 'tensorflow');
  tf.unregisterKernel('Reshape', 'tensorflow');
  tf.registerKernel({
    ...theirs,
    kernelFunc: (run) => {
      const x = run.inputs.x!;
      const known = attributes[x.dtype as keyof typeof attributes];
      if (!known) return theirs.kernelFunc(run);
      const shape = run.attrs!.shape as number[];
      return Chain.run((chain) => chain.tensor(chain.reshape(chain.of(x), shape, known)));
    },
  });
}
