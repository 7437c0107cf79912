/** A bias for each channel. */
import type * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../../nn/portable/gradient.ts';
import { addParts, columnSums } from './columns.ts';
import { flatKernel } from './kernel.ts';

const add = flatKernel({
  name: 'biasAdd',
  inputs: ['x', 'b'],
  outputs: ['y'],
  params: { channels: 'u32' },
  body: 'y[i] = x[i] + b[i % p.channels];',
});

const channelSums = columnSums({
  name: 'channelSums',
  inputs: ['x'],
  params: {},
  sums: 1,
  each: 's0 += x[at];',
});

/** See Ops.biasAdd. */
export function biasAdd(x: tf.Tensor4D, b: tf.Tensor1D): tf.Tensor4D {
  const channels = b.size;
  return withGradient([x, b], (_save, x: tf.Tensor4D, b: tf.Tensor1D) => ({
    value: add([x, b], [x.shape], { channels })[0] as tf.Tensor4D,
    gradient: (dy) => [dy.clone(), addParts(channelSums([dy], dy.size / channels, channels, {}), b.shape)],
  }));
}
