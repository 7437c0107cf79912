/** The operations of nn/ops.ts by TensorFlow's own kernels and their own gradients. */
import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormResult, Ops } from '../../nn/ops.ts';
import { withGradient } from '../../nn/portable/gradient.ts';
import { execute } from './execute.ts';

const NHWC = { data_format: 'NHWC' } as const;

function conv1x1(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  const [n, height, width, inputs] = x.shape;
  const outputs = w.shape[3];
  const pixels = n * height * width;
  return withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
    save([x, w]);
    const y = product(tf.reshape(x, [pixels, inputs]), tf.reshape(w, [inputs, outputs]), false, false);
    return {
      value: tf.reshape(y, [n, height, width, outputs]) as tf.Tensor4D,
      gradient: (dy, [x, w]) => {
        const slope = tf.reshape(dy, [pixels, outputs]);
        const dx = product(slope, tf.reshape(w!, [inputs, outputs]), false, true);
        const dw = product(tf.reshape(x!, [pixels, inputs]), slope, true, false);
        return [tf.reshape(dx, x!.shape), tf.reshape(dw, w!.shape)];
      },
    };
  });
}

function product(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  return execute('MatMul', [a, b], { transpose_a: transposeA, transpose_b: transposeB })[0]!;
}

function patchConv(
  x: tf.Tensor4D,
  w: tf.Tensor4D,
  stride: number,
  [before, after]: readonly [number, number],
): tf.Tensor4D {
  const attributes = {
    strides: [1, stride, stride, 1],
    padding: 'EXPLICIT',
    explicit_paddings: [0, 0, before, after, before, after, 0, 0],
    ...NHWC,
  };
  return withGradient([w], (_save, w: tf.Tensor4D) => ({
    value: execute('Conv2D', [x, w], attributes)[0] as tf.Tensor4D,
    gradient: (dy) => execute('Conv2DBackpropFilter', [x, tf.tensor1d(w.shape, 'int32'), dy], attributes),
  }));
}

function depthwise(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  const attributes = { strides: [1, 1, 1, 1], padding: 'SAME', ...NHWC };
  return withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
    save([x, w]);
    return {
      value: execute('DepthwiseConv2dNative', [x, w], attributes)[0] as tf.Tensor4D,
      gradient: (dy, [x, w]) => {
        const [xShape, wShape] = [x!, w!].map((t) => tf.tensor1d(t.shape, 'int32'));
        return [
          ...execute('DepthwiseConv2dNativeBackpropInput', [xShape!, w!, dy], attributes),
          ...execute('DepthwiseConv2dNativeBackpropFilter', [x!, wShape!, dy], attributes),
        ];
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
  const attributes = { epsilon, is_training: true, ...NHWC };
  const types = ['T', 'U'];
  const count = x.size / x.shape[3];
  let statistics: tf.Tensor[] = [];
  const y = withGradient([x, gamma, beta], (save, x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D) => {
    const none = tf.tensor1d([]);
    const forward = { ...attributes, exponential_avg_factor: 1 };
    const [y, mean, variance, ...reserved] = execute(
      'FusedBatchNormV3',
      [x, gamma, beta, none, none],
      forward,
      6,
      types,
    );
    statistics = [tf.keep(mean!), tf.keep(variance!)];
    save([x, gamma, ...reserved]);
    return {
      value: y as tf.Tensor4D,
      gradient: (dy: tf.Tensor4D, saved) =>
        execute('FusedBatchNormGradV3', [dy, ...saved], attributes, 5, types).slice(0, 3),
    };
  });
  // The op gives the unbiased variance. Both go into the caller's scope, which disposes of them.
  const mean = tf.clone(statistics[0]!) as tf.Tensor1D;
  const variance = tf.mul(statistics[1]!, (count - 1) / count) as tf.Tensor1D;
  tf.dispose(statistics);
  return { y, mean, variance };
}

function annealed(x: tf.Tensor4D, lambda: number): tf.Tensor4D {
  if (lambda === 0) return x;
  const attributes = { alpha: 1 - lambda };
  return withGradient([x], (save, x: tf.Tensor4D) => {
    save([x]);
    return {
      value: execute('LeakyRelu', [x], attributes)[0] as tf.Tensor4D,
      gradient: (dy, [x]) => execute('LeakyReluGrad', [dy, x!], attributes),
    };
  });
}

function maxPool(x: tf.Tensor4D, size: number): tf.Tensor4D {
  const window = [1, size, size, 1];
  const attributes = { ksize: window, strides: window, padding: 'VALID', ...NHWC };
  return withGradient([x], (save, x: tf.Tensor4D) => {
    const y = execute('MaxPool', [x], attributes)[0] as tf.Tensor4D;
    save([x, y]);
    return { value: y, gradient: (dy, [x, y]) => execute('MaxPoolGrad', [x!, y!, dy], attributes) };
  });
}

export const tensorflowOps: Partial<Ops> = { conv1x1, patchConv, depthwise, batchNormTrain, annealed, maxPool };
