/** The annealed activation and max-pooling by TensorFlow's kernels. */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../../nn/portable/gradient.ts';
import { FLOAT32, FLOATS, type Attributes } from './attributes.ts';
import { backend, Chain, execute, UNTOLD } from './execute.ts';

export function annealed(x: tf.Tensor4D, lambda: number): tf.Tensor4D {
  if (lambda === 0) return x;
  const leaky = lambda < 1;
  const name = leaky ? 'LeakyRelu' : 'Relu';
  const attributes: Attributes = leaky ? { ...FLOATS, alpha: { slopeAt: lambda } } : FLOATS;
  return withGradient([x], (save, x: tf.Tensor4D) => {
    const y = execute(name, [x], attributes, [x.shape])[0] as tf.Tensor4D;
    // It has the sign of x, and is kept anyway by whatever takes it as an input.
    save([y]);
    return { value: y, gradient: (dy, [y]) => execute(`${name}Grad`, [dy, y!], attributes, [x.shape]) };
  });
}

/** oneDNN's kernels under the names that TensorFlow gives them inside. */
const INSIDE: Attributes = { _kernel: 'MklNameChangeOp', workspace_enabled: true };
const POOL = '_MklNativeMaxPool';

function pooling(size: number): Attributes {
  const window = [1, size, size, 1];
  return { T: FLOAT32, ksize: window, strides: window, padding: 'VALID', data_format: 'NHWC' };
}

function pooledShape([n, height, width, channels]: readonly number[], size: number): number[] {
  return [n!, Math.floor(height! / size), Math.floor(width! / size), channels!];
}

export function maxPool(x: tf.Tensor4D, size: number): tf.Tensor4D {
  const attributes = pooling(size);
  return withGradient([x], (save, x: tf.Tensor4D) => {
    const y = execute('MaxPool', [x], attributes, [pooledShape(x.shape, size)])[0] as tf.Tensor4D;
    save([x, y]);
    return {
      value: y,
      gradient: (dy, [x, y]) => execute('MaxPoolGrad', [x!, y!, dy], attributes, [x!.shape]),
    };
  });
}

/** The forward kernel notes which place of each window was the largest (of equal ones the first in reading order), where
 * TensorFlow's other gradient looks for it anew, at ten times the cost. */
export function notedMaxPool(x: tf.Tensor4D, size: number): tf.Tensor4D {
  if (!tf.engine().isTapeOn()) return maxPool(x, size);
  const attributes = { ...pooling(size), ...INSIDE };
  return withGradient([x], (save, x: tf.Tensor4D) => {
    const [y, places] = execute(POOL, [x], attributes, [pooledShape(x.shape, size), UNTOLD]);
    save([x, y!, places!]);
    return {
      value: y as tf.Tensor4D,
      gradient: (dy, [x, y, places]) => execute(`${POOL}Grad`, [x!, y!, dy, places!], attributes, [x!.shape]),
    };
  });
}

/** Whether this TensorFlow has the kernels of `notedMaxPool`: those for x86 processors have. On a GPU its own gradient is
 * fast, and these would take the data to the processor. */
export function hasNotedMaxPool(): boolean {
  if (backend().isUsingGpuDevice) return false;
  try {
    return Chain.run((chain) => {
      const x = chain.reshape(chain.floats([1, 2, 3, 4]), [1, 2, 2, 1]);
      const attributes = { ...pooling(2), ...INSIDE };
      const [y, places] = chain.outputs(POOL, [x.id], attributes, 2);
      chain.op(`${POOL}Grad`, [x.id, y!.id, y!.id, places!.id], attributes);
      return true;
    });
  } catch {
    return false;
  }
}
