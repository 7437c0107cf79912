/** Depthwise convolutions by TensorFlow's forward kernel, which also serves the gradients. */
import type * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../../nn/portable/gradient.ts';
import { FLOAT32, FLOATS, INT32, type Attributes } from './attributes.ts';
import { backend, Chain, type Output } from './execute.ts';

const SUM: Attributes = { ...FLOATS, Tidx: INT32, keep_dims: false };
const REVERSE: Attributes = { ...FLOATS, Tidx: INT32 };
const TRANSPOSE: Attributes = { ...FLOATS, Tperm: INT32 };
const PLAIN: Attributes = { ...FLOATS, strides: [1, 1, 1, 1], data_format: 'NHWC' };
const SAME: Attributes = { ...PLAIN, padding: 'SAME' };
const FLOAT64 = { dtype: 'float64' } as const;
const SAME64: Attributes = { ...SAME, T: FLOAT64 };
const WIDEN: Attributes = { SrcT: FLOAT32, DstT: FLOAT64, Truncate: false };
const NARROW: Attributes = { SrcT: FLOAT64, DstT: FLOAT32, Truncate: false };

/** On the CPU oneDNN takes every depthwise convolution of float32 and prepares each for a tenth of a millisecond. Up to so
 * many products it is quicker to compute in float64, which TensorFlow's own kernel takes. */
const FEW_PRODUCTS = 500_000;

export function depthwise(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  const size = w.shape[0];
  return withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
    save([x, w]);
    return {
      value: Chain.run((chain) =>
        chain.tensor<tf.Tensor4D>(convolve(chain, chain.of(x), chain.of(w), x.shape, size)),
      ),
      gradient: (dy, [x, w]) =>
        Chain.run((chain) => {
          const [image, filter, slope] = [x!, w!, dy].map((tensor) => chain.of(tensor)) as [
            number,
            number,
            number,
          ];
          // An odd kernel at stride 1 is its own adjoint once reversed.
          const reversed =
            size > 1 ? chain.op('ReverseV2', [filter, chain.vector([0, 1])], REVERSE, w!.shape).id : filter;
          const dx = convolve(chain, slope, reversed, x!.shape, size);
          const dw = filterGradient(chain, image, slope, x!.shape, size);
          return [chain.tensor(dx), chain.tensor(dw)];
        }),
    };
  });
}

/** A filter of one place is a factor for each channel. */
function convolve(chain: Chain, x: number, w: number, shape: readonly number[], size: number): Output {
  if (size === 1) return chain.op('Mul', [x, chain.reshape(w, [shape[3]!]).id], FLOATS, shape);
  const products = size * size * shape.reduce((a, b) => a * b, 1);
  if (products > FEW_PRODUCTS || backend().isUsingGpuDevice)
    return chain.op('DepthwiseConv2dNative', [x, w], SAME, shape);
  const image = chain.op('Cast', [x], WIDEN, shape);
  const filter = chain.op('Cast', [w], WIDEN, [size, size, shape[3]!, 1]);
  const y = chain.op('DepthwiseConv2dNative', [image.id, filter.id], SAME64, shape);
  return chain.op('Cast', [y.id], NARROW, shape);
}

/** Gives dw [k,k,C,1]. On the CPU the library's own filter gradient is the slowest kernel of a step. It is a depthwise
 * convolution too: the images folded into the channels are the input [1,H,W,N·C], the output's gradient [H,W,N·C,1] the
 * filter, padded so that k·k places remain; the sum over the images is short. */
function filterGradient(chain: Chain, x: number, dy: number, shape: readonly number[], size: number): Output {
  const [n, height, width, channels] = shape as [number, number, number, number];
  const filter = [size, size, channels, 1];
  if (size === 1) {
    const products = chain.op('Mul', [x, dy], FLOATS, shape);
    const sums = chain.op('Sum', [products.id, chain.vector([0, 1, 2])], SUM, [channels]);
    return chain.reshape(sums.id, filter);
  }
  if (backend().isUsingGpuDevice)
    return chain.op('DepthwiseConv2dNativeBackpropFilter', [x, chain.vector(filter), dy], SAME, filter);
  const folded = (t: number): number =>
    chain.op('Transpose', [t, chain.vector([1, 2, 0, 3])], TRANSPOSE, [height, width, n, channels]).id;
  const images = chain.reshape(folded(x), [1, height, width, n * channels]);
  const kernel = chain.reshape(folded(dy), [height, width, n * channels, 1]);
  const pad = (size - 1) / 2;
  const padding = { padding: 'EXPLICIT', explicit_paddings: [0, 0, pad, pad, pad, pad, 0, 0] };
  const attributes = { ...PLAIN, ...padding };
  const each = chain.op('DepthwiseConv2dNative', [images.id, kernel.id], attributes, [
    1,
    size,
    size,
    n * channels,
  ]);
  const stacked = chain.reshape(each.id, [size * size, n, channels]);
  const sums = chain.op('Sum', [stacked.id, chain.vector([1])], SUM, [size * size, channels]);
  return chain.reshape(sums.id, filter);
}
