/** The operations of nn/ops.ts for the wasm backend, by the kernels of wat/, which work on four channels at once; where
 * they don't come in fours, the portable operation does. */
import type * as tf from '@tensorflow/tfjs-core';
import { portableOps, type BatchNormResult, type Ops, type RunningNorm } from '../../nn/ops.ts';
import { batchNormInfer as portableBatchNormInfer } from '../../nn/portable/batchNormInfer.ts';
import { withGradient } from '../../nn/portable/gradient.ts';
import { convolutionsOf } from '../products.ts';
import { tracedKernels } from '../trace/kernels.ts';
import { adamw } from './adamw.ts';
import { leaky, leakyGradient } from './annealed.ts';
import { moments, normalise, normaliseGradient } from './batchNorm.ts';
import { convolve, filterGradient } from './depthwise.ts';
import { annealing } from './heap.ts';
import { maximum, maxPoolGradient } from './maxPool.ts';
import { patches } from './patches.ts';
import { product, productByTransposed, transposedProduct } from './product.ts';
import { quantise } from './quantise.ts';
import { joined } from './views.ts';

const inFours = (x: tf.Tensor4D): boolean => x.shape[3] % 4 === 0;

const convolutions = convolutionsOf({
  product,
  productByTransposed,
  transposedProduct,
  patches: (x, size, stride, padding) => patches([x], size, stride, ...padding)[0] as tf.Tensor4D,
});

function depthwise(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  if (!inFours(x)) return portableOps.depthwise(x, w);
  return withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
    save([x, w]);
    return {
      value: convolve([x, w], 0)[0] as tf.Tensor4D,
      gradient: (dy, saved) => {
        const [x, w] = saved as [tf.Tensor4D, tf.Tensor4D];
        return [convolve([dy, w], 1)[0]!, filterGradient([x, dy], w.shape[0])[0]!];
      },
    };
  });
}

function batchNormTrain(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  lambda = 0,
): BatchNormResult {
  if (!inFours(x)) return portableOps.batchNormTrain(x, gamma, beta, epsilon, lambda);
  // The statistics are not differentiated: what they owe x is in the gradient of y.
  const [mean, variance] = moments([x]) as [tf.Tensor1D, tf.Tensor1D];
  const y = withGradient([x, gamma, beta], (save, x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D) => {
    save([x, mean, variance, gamma]);
    return {
      value: normalise([x, mean, variance, gamma, beta], 0, epsilon)[0] as tf.Tensor4D,
      gradient: (dy: tf.Tensor4D, saved) => normaliseGradient([dy, ...saved], epsilon),
    };
  });
  return { y: annealed(y, lambda), mean, variance };
}

function annealed(x: tf.Tensor4D, lambda: number): tf.Tensor4D {
  if (lambda === 0) return x;
  if (x.size < 4) return portableOps.annealed(x, lambda);
  return withGradient([x], (save, x: tf.Tensor4D) => {
    const y = leaky([x], lambda)[0] as tf.Tensor4D;
    // It has the sign of x, and is kept anyway by whatever takes it as an input.
    save([y]);
    return { value: y, gradient: (dy, [y]) => leakyGradient([dy, y!], lambda) };
  });
}

function maxPool(x: tf.Tensor4D, size: number): tf.Tensor4D {
  if (!inFours(x)) return portableOps.maxPool(x, size);
  return withGradient([x], (save, x: tf.Tensor4D) => {
    const y = maximum([x], size)[0] as tf.Tensor4D;
    save([x, y]);
    return { value: y, gradient: (dy, saved) => maxPoolGradient([dy, ...saved], size) };
  });
}

function batchNormInfer(x: tf.Tensor4D, norm: RunningNorm, lambda: number): tf.Tensor4D {
  if (!inFours(x)) return portableBatchNormInfer(x, norm, lambda);
  const { gamma, beta, mean, variance, bias, epsilon } = norm;
  const inputs = [x, mean, variance, gamma, beta, ...(bias ? [bias] : [])];
  return normalise(inputs, lambda, epsilon)[0] as tf.Tensor4D;
}

export const wasmOps: Partial<Ops> = {
  ...convolutions,
  depthwise,
  batchNormTrain,
  batchNormInfer,
  annealed,
  maxPool,
  joined: (parts) => joined([...parts])[0] as tf.Tensor1D,
  quantise,
  adamw,
  traced: tracedKernels('wasm', annealing),
};
