/** 1×1 convolutions as products of matrices, the stem's by TensorFlow's kernels, and their gradients. */
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../../nn/portable/gradient.ts';
import { patchesOf } from '../../nn/portable/patchConv.ts';
import { FLOAT32, type Attributes } from './attributes.ts';
import { Chain } from './execute.ts';

const NHWC = { T: FLOAT32, data_format: 'NHWC' } as const;
const PLAIN: Attributes = { T: FLOAT32, transpose_a: false, transpose_b: false };
const BY_COLUMNS: Attributes = { ...PLAIN, transpose_a: true };
const BY_ROWS: Attributes = { ...PLAIN, transpose_b: true };

export function conv1x1(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  const [n, height, width, inputs] = x.shape;
  const outputs = w.shape[3];
  const pixels = n * height * width;
  return withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
    const value = Chain.run((chain) => {
      const rows = chain.reshape(chain.of(x), [pixels, inputs]);
      const matrix = chain.reshape(chain.of(w), [inputs, outputs]);
      const y = chain.op('MatMul', [rows.id, matrix.id], PLAIN, [pixels, outputs]);
      save([chain.tensor(rows), chain.tensor(matrix)]);
      return chain.tensor<tf.Tensor4D>(chain.reshape(y.id, [n, height, width, outputs]));
    });
    return {
      value,
      gradient: (dy, saved) =>
        Chain.run((chain) => {
          const [rows, matrix] = saved.map((tensor) => chain.of(tensor)) as [number, number];
          const slope = chain.reshape(chain.of(dy), [pixels, outputs]).id;
          const dx = chain.op('MatMul', [slope, matrix], BY_ROWS, [pixels, inputs]);
          const dw = chain.op('MatMul', [rows, slope], BY_COLUMNS, [inputs, outputs]);
          return [
            chain.tensor(chain.reshape(dx.id, [n, height, width, inputs])),
            chain.tensor(chain.reshape(dw.id, [1, 1, inputs, outputs])),
          ];
        }),
    };
  });
}

/** Of at most so many images the product of their patches is quicker than the convolution, where a trace keeps them. */
const FEW = 16;

export function patchConv(
  x: tf.Tensor4D,
  w: tf.Tensor4D,
  stride: number,
  padding: readonly [number, number],
): tf.Tensor4D {
  if (x.shape[0] <= FEW && !tf.engine().isTapeOn()) return patchProduct(x, w, stride, padding);
  const attributes = { ...NHWC, strides: [1, stride, stride, 1], ...paddingOf(x, w, stride, padding) };
  const places = (axis: 0 | 1): number =>
    Math.floor((x.shape[axis + 1]! + padding[0] + padding[1] - w.shape[axis]!) / stride) + 1;
  const shape = [x.shape[0], places(0), places(1), w.shape[3]];
  return withGradient([w], (_save, w: tf.Tensor4D) => ({
    value: Chain.run((chain) =>
      chain.tensor<tf.Tensor4D>(chain.op('Conv2D', [chain.of(x), chain.of(w)], attributes, shape)),
    ),
    gradient: (dy) =>
      Chain.run((chain) => {
        const inputs = [chain.of(x), chain.vector(w.shape), chain.of(dy)];
        return [chain.tensor(chain.op('Conv2DBackpropFilter', inputs, attributes, w.shape))];
      }),
  }));
}

function patchProduct(...[x, w, stride, padding]: Parameters<typeof patchConv>): tf.Tensor4D {
  return tf.tidy(() => {
    const patches = patchesOf(x, w.shape[0], stride, padding);
    return conv1x1(patches, tf.reshape(w, [1, 1, patches.shape[3], w.shape[3]]));
  });
}

/** The padding by TensorFlow's names where it has one for it: explicit ones have no fast filter gradient. */
function paddingOf(
  x: tf.Tensor4D,
  w: tf.Tensor4D,
  stride: number,
  [before, after]: readonly [number, number],
): Attributes {
  if (before === 0 && after === 0) return { padding: 'VALID' };
  const same = x.shape.slice(1, 3).every((size, axis) => {
    const missing = Math.max(0, (Math.ceil(size / stride) - 1) * stride + w.shape[axis]! - size);
    return before === Math.floor(missing / 2) && after === missing - before;
  });
  if (same) return { padding: 'SAME' };
  return { padding: 'EXPLICIT', explicit_paddings: [0, 0, before, after, before, after, 0, 0] };
}
