import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import type { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { exportWeights } from '../../../server/nn/weights.ts';
import { usePortable } from './backends.ts';
import { difference, images, network } from './network.ts';
import { RELU, SERIES } from './networks.ts';

beforeAll(() => usePortable('cpu'));

test('the parameters have the names of the reference implementation, in its order', () => {
  const net = network({ ...RELU, activation: { kind: 'series', n: 2 } });
  expect([...net.parameters.keys()]).toEqual([
    'stem1.0.weight',
    'stem1.0.bias',
    'stem1.1.weight',
    'stem1.1.bias',
    'stem2.0.weight',
    'stem2.0.bias',
    'stem2.1.weight',
    'stem2.1.bias',
    'stem2.2.weight',
    'stem2.2.bn.weight',
    'stem2.2.bn.bias',
    'stages.0.conv1.0.weight',
    'stages.0.conv1.0.bias',
    'stages.0.conv1.1.weight',
    'stages.0.conv1.1.bias',
    'stages.0.conv2.0.weight',
    'stages.0.conv2.0.bias',
    'stages.0.conv2.1.weight',
    'stages.0.conv2.1.bias',
    'stages.0.act.weight',
    'stages.0.act.bn.weight',
    'stages.0.act.bn.bias',
    'cls1.2.weight',
    'cls1.2.bias',
    'cls1.3.weight',
    'cls1.3.bias',
    'cls2.0.weight',
    'cls2.0.bias',
  ]);
  expect([...net.buffers.keys()].slice(0, 2)).toEqual(['stem1.1.running_mean', 'stem1.1.running_var']);
  net.lambda = 0;
  net.merge();
  expect([...net.parameters.keys()]).toEqual([
    'stem.0.weight',
    'stem.0.bias',
    'stem.1.weight',
    'stem.1.bias',
    'stages.0.conv.weight',
    'stages.0.conv.bias',
    'stages.0.act.weight',
    'stages.0.act.bias',
    'cls.2.weight',
    'cls.2.bias',
  ]);
  net.dispose();
});

test('biases ahead of a normalisation have the gradient zero, and all others are trained', () => {
  const net = network(SERIES);
  expect([...net.parameters.keys()].filter((name) => !net.trained.has(name))).toEqual([
    'stem1.0.bias',
    'stem2.0.bias',
    'stages.0.conv1.0.bias',
    'stages.0.conv2.0.bias',
    'stages.1.conv1.0.bias',
    'stages.1.conv2.0.bias',
    'cls1.2.bias',
  ]);
  net.dispose();
});

test('a bias ahead of a normalisation moves the running mean and no activation', () => {
  const [net, other] = [network(SERIES), network(SERIES)];
  other.parameters.get('stem1.0.bias')!.assign(tf.fill([4], 3));
  const x = images(SERIES);
  const [a, b] = [net.apply(x, 'train'), other.apply(x, 'train')];
  expect(difference(a, b)).toBe(0);
  const shift = tf.sub(other.buffers.get('stem1.1.running_mean')!, net.buffers.get('stem1.1.running_mean')!);
  for (const v of shift.dataSync()) expect(v).toBeCloseTo(0.3, 6);
  net.dispose();
  other.dispose();
});

test('the same seed gives the same weights, another seed others, near a normal of deviation 0.02', () => {
  const wide = { ...SERIES, dims: [64, 64, 64] };
  const [a, b, c] = [1, 1, 2].map((seed) => network(wide, seed));
  const weights = (net: VanillaNet): Float32Array => exportWeights(net).get('stages.1.conv2.0.weight')!.data;
  expect(weights(a!)).toEqual(weights(b!));
  expect(weights(a!)).not.toEqual(weights(c!));
  const data = weights(a!);
  const deviation = Math.sqrt(data.reduce((s, v) => s + v * v, 0) / data.length);
  expect(deviation).toBeGreaterThan(0.019);
  expect(deviation).toBeLessThan(0.021);
  for (const net of [a!, b!, c!]) net.dispose();
});
