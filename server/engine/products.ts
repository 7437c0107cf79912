/** The network's convolutions and their gradients, made of an engine's matrix products over channels. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Ops } from '../nn/ops.ts';
import { withGradient } from '../nn/portable/gradient.ts';

export interface Products {
  /** x [N,H,W,I] · w, I×O values → [N,H,W,O]. */
  product(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D;
  /** dy [N,H,W,O] · wᵀ → [N,H,W,I]. */
  productByTransposed(dy: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D;
  /** xᵀ · dy over all places of x [N,H,W,I] and dy [N,H,W,O] → I×O values in `shape`. */
  transposedProduct(x: tf.Tensor4D, dy: tf.Tensor4D, shape: tf.Tensor4D['shape']): tf.Tensor4D;
  /** x [N,H,W,I] → [N,h,w,k·k·I], each pixel the patch under a k×k kernel, ordered row, column, channel. */
  patches(x: tf.Tensor4D, size: number, stride: number, padding: readonly [number, number]): tf.Tensor4D;
}

/** See Ops. */
export function convolutionsOf({
  product,
  productByTransposed,
  transposedProduct,
  patches,
}: Products): Pick<Ops, 'conv1x1' | 'patchConv'> {
  return {
    conv1x1: (x, w) =>
      withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
        save([x, w]);
        return {
          value: product(x, w),
          gradient: (dy, saved) => {
            const [x, w] = saved as [tf.Tensor4D, tf.Tensor4D];
            return [productByTransposed(dy, w), transposedProduct(x, dy, w.shape)];
          },
        };
      }),
    patchConv: (x, w, stride, padding) =>
      withGradient([w], (save, w: tf.Tensor4D) => {
        const rows = patches(x, w.shape[0], stride, padding);
        save([rows]);
        return {
          value: product(rows, w),
          gradient: (dy, [rows]) => [transposedProduct(rows as tf.Tensor4D, dy, w.shape)],
        };
      }),
  };
}
