/** Minimum, maximum, sum and levels of a tap in one dispatch: a workgroup reads its channels twice. */
import type * as tf from '@tensorflow/tfjs-core';
import { SMALLEST_RANGE } from '../../nn/portable/quantise.ts';
import { Kernel } from './kernel.ts';

/** Channels of a workgroup, and invocations that share one. */
const WIDTH = 8;
const DEPTH = 32;

const kernel = new Kernel({
  name: 'quantise',
  inputs: ['x'],
  outputs: ['y'],
  params: { rows: 'u32', places: 'u32', channels: 'u32' },
  size: [WIDTH, DEPTH],
  declare: `
var<workgroup> least: array<f32, ${WIDTH * DEPTH}>;
var<workgroup> most: array<f32, ${WIDTH * DEPTH}>;
var<workgroup> sums: array<f32, ${WIDTH * DEPTH}>;`,
  body: `
  let c = group.x * ${WIDTH}u + local.x;
  let inside = c < p.channels;
  if (inside) {
    var low = x[c];
    var high = low;
    var sum = 0.0;
    for (var r = local.y; r < p.rows; r += ${DEPTH}u) {
      let v = x[r * p.channels + c];
      low = min(low, v);
      high = max(high, v);
      sum += v;
    }
    least[index] = low;
    most[index] = high;
    sums[index] = sum;
  }
  for (var half = ${DEPTH / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (inside && local.y < half) {
      let other = index + half * ${WIDTH}u;
      least[index] = min(least[index], least[other]);
      most[index] = max(most[index], most[other]);
      sums[index] += sums[other];
    }
  }
  workgroupBarrier();
  if (inside) {
    let low = least[local.x];
    let high = most[local.x];
    if (local.y == 0u) {
      y[c] = low;
      y[p.channels + c] = high;
      y[2u * p.channels + c] = sums[local.x];
    }
    let scale = 255.0 / max(high - low, ${SMALLEST_RANGE});
    for (var r = local.y; r < p.rows; r += ${DEPTH}u) {
      let plane = r / p.places * p.channels + c;
      y[3u * p.channels + plane * p.places + r % p.places] = round((x[r * p.channels + c] - low) * scale);
    }
  }`,
});

/** See Ops.quantise. */
export function quantise(x: tf.Tensor4D): tf.Tensor1D {
  const [probes, height, width, channels] = x.shape;
  const places = height * width;
  const params = { rows: probes * places, places, channels };
  return kernel.run([x], [[3 * channels + x.size]], params, [
    Math.ceil(channels / WIDTH),
    1,
    1,
  ])[0] as tf.Tensor1D;
}
