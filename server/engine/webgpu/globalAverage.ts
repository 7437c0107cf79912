/** The average over all places, ahead of the classifier. */
import type * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../../nn/portable/gradient.ts';
import { flatKernel } from './kernel.ts';

const average = flatKernel({
  name: 'globalAverage',
  inputs: ['x'],
  outputs: ['y'],
  params: { places: 'u32', channels: 'u32' },
  body: `
  let corner = i / p.channels * p.places * p.channels + i % p.channels;
  var sum = 0.0;
  for (var k = 0u; k < p.places; k++) { sum += x[corner + k * p.channels]; }
  y[i] = sum / f32(p.places);`,
});

const averageGradient = flatKernel({
  name: 'globalAverageGradient',
  inputs: ['dy'],
  outputs: ['dx'],
  params: { places: 'u32', channels: 'u32' },
  body: 'dx[i] = dy[i / (p.places * p.channels) * p.channels + i % p.channels] / f32(p.places);',
});

/** See Ops.globalAverage. */
export function globalAverage(x: tf.Tensor4D): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  const shape = { places: height * width, channels };
  return withGradient([x], (_save, x: tf.Tensor4D) => ({
    value: average([x], [[n, 1, 1, channels]], shape)[0] as tf.Tensor4D,
    gradient: (dy: tf.Tensor4D) => averageGradient([dy], [x.shape], shape),
  }));
}
