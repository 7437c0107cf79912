/** The operations of nn/ops.ts for the wasm backend, by the kernels of wat/, which work on four channels at once; where
 * they don't come in fours, the portable operation does. */
import * as tf from '@tensorflow/tfjs-core';
import { portableOps, type BatchNormResult, type Ops } from '../../nn/ops.ts';
import { withGradient } from '../../nn/portable/gradient.ts';
import { adamw } from './adamw.ts';
import { leaky, leakyGradient } from './annealed.ts';
import { moments, normalise, normaliseGradient } from './batchNorm.ts';
import { convolve, filterGradient } from './depthwise.ts';
import { maximum, maxPoolGradient } from './maxPool.ts';
import { patches } from './patches.ts';
import { product, productByTransposed, transposedProduct } from './product.ts';
import { quantise } from './quantise.ts';

const inFours = (x: tf.Tensor4D): boolean => x.shape[3] % 4 === 0;

function conv1x1(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  const [n, height, width, inputs] = x.shape;
  const outputs = w.shape[3];
  const pixels = n * height * width;
  return withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
    save([x, w]);
    const y = product(tf.reshape(x, [pixels, inputs]), tf.reshape(w, [inputs, outputs]));
    return {
      value: tf.reshape(y, [n, height, width, outputs]) as tf.Tensor4D,
      gradient: (dy, [x, w]) => {
        const slope = tf.reshape(dy, [pixels, outputs]) as tf.Tensor2D;
        const dx = productByTransposed(slope, tf.reshape(w!, [inputs, outputs]));
        const dw = transposedProduct(tf.reshape(x!, [pixels, inputs]), slope);
        return [tf.reshape(dx, x!.shape), tf.reshape(dw, w!.shape)];
      },
    };
  });
}

function patchConv(
  x: tf.Tensor4D,
  w: tf.Tensor4D,
  stride: number,
  padding: readonly [number, number],
): tf.Tensor4D {
  const [size, , inputs, outputs] = w.shape;
  const length = size * size * inputs;
  return withGradient([w], (save, w: tf.Tensor4D) => {
    const columns = patches([x], size, stride, ...padding)[0]!;
    const [n, height, width] = columns.shape as [number, number, number];
    const pixels = n * height * width;
    const rows = tf.reshape(columns, [pixels, length]) as tf.Tensor2D;
    save([rows]);
    const y = product(rows, tf.reshape(w, [length, outputs]));
    return {
      value: tf.reshape(y, [n, height, width, outputs]) as tf.Tensor4D,
      gradient: (dy, [rows]) => {
        const dw = transposedProduct(rows as tf.Tensor2D, tf.reshape(dy, [pixels, outputs]));
        return [tf.reshape(dw, w.shape)];
      },
    };
  });
}

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
): BatchNormResult {
  if (!inFours(x)) return portableOps.batchNormTrain(x, gamma, beta, epsilon);
  const channels = x.shape[3];
  // The statistics are not differentiated: what they owe x is in the gradient of y.
  const stats = withGradient([x], (_save, x: tf.Tensor4D) => ({
    value: moments([x])[0] as tf.Tensor2D,
    gradient: () => [tf.zeros(x.shape)],
  }));
  const y = withGradient([x, gamma, beta], (save, x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D) => {
    save([x, stats, gamma]);
    return {
      value: normalise([x, stats, gamma, beta], epsilon)[0] as tf.Tensor4D,
      gradient: (dy: tf.Tensor4D, saved) => normaliseGradient([dy, ...saved], epsilon),
    };
  });
  const row = (i: number): tf.Tensor1D => tf.reshape(tf.slice2d(stats, [i, 0], [1, channels]), [channels]);
  return { y, mean: row(0), variance: row(1) };
}

function annealed(x: tf.Tensor4D, lambda: number): tf.Tensor4D {
  if (lambda === 0) return x;
  if (x.size < 4) return portableOps.annealed(x, lambda);
  return withGradient([x], (save, x: tf.Tensor4D) => {
    save([x]);
    return {
      value: leaky([x], 1 - lambda)[0] as tf.Tensor4D,
      gradient: (dy, [x]) => leakyGradient([dy, x!], 1 - lambda),
    };
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

export const wasmOps: Partial<Ops> = {
  conv1x1,
  patchConv,
  depthwise,
  batchNormTrain,
  annealed,
  maxPool,
  quantise,
  adamw,
};
