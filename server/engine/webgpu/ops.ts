/** The operations of nn/ops.ts on WebGPU, by kernels of our own. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Ops } from '../../nn/ops.ts';
import { withGradient } from '../../nn/portable/gradient.ts';
import { adamw } from './adamw.ts';
import { annealed } from './annealed.ts';
import { batchNormTrain } from './batchNorm.ts';
import { biasAdd } from './biasAdd.ts';
import { joined, parted } from './copies.ts';
import { countCorrect, crossEntropy } from './crossEntropy.ts';
import { depthwise } from './depthwise.ts';
import { globalAverage } from './globalAverage.ts';
import { maxPool } from './maxPool.ts';
import { moveStatistics } from './moveStatistics.ts';
import { patches } from './patches.ts';
import { product, productByTransposed, transposedProduct } from './product.ts';
import { quantise } from './quantise.ts';

function conv1x1(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  return withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
    save([x, w]);
    return {
      value: product(x, w),
      gradient: (dy, saved) => {
        const [x, w] = saved as [tf.Tensor4D, tf.Tensor4D];
        return [productByTransposed(dy, w), transposedProduct(x, dy, w.shape)];
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
  return withGradient([w], (save, w: tf.Tensor4D) => {
    const rows = patches(x, w.shape[0], stride, padding);
    save([rows]);
    return {
      value: product(rows, w),
      gradient: (dy, [rows]) => [transposedProduct(rows as tf.Tensor4D, dy, w.shape)],
    };
  });
}

export const webgpuOps: Partial<Ops> = {
  conv1x1,
  patchConv,
  depthwise,
  batchNormTrain,
  annealed,
  maxPool,
  biasAdd,
  globalAverage,
  crossEntropy,
  countCorrect,
  moveStatistics,
  joined,
  parted,
  quantise,
  adamw,
};
