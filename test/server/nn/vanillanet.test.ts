import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { lossAndGradients } from '../../../server/nn/gradients.ts';
import type { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { exportWeights, importWeights } from '../../../server/nn/weights.ts';
import { crossEntropy } from '../../../server/training/loss.ts';
import { describeTaps } from '../../../shared/network.ts';
import { usePortable } from './backends.ts';
import { difference, images, network } from './network.ts';
import { NETWORKS, RELU, SERIES } from './networks.ts';

beforeAll(() => usePortable('cpu'));

/** A few training passes, so that running statistics, and with them the folding, are not trivial. */
function warm(net: VanillaNet, x: tf.Tensor4D): void {
  for (let i = 0; i < 3; i++) net.apply(x, 'train').dispose();
}

/** One step of gradient descent; gives the largest gradient of each parameter. */
function step(net: VanillaNet, x: tf.Tensor4D, rate: number): Map<string, number> {
  const labels = tf.tensor1d(
    Int32Array.from({ length: x.shape[0] }, (_, i) => i % net.config.classes),
    'int32',
  );
  const { loss, gradients } = lossAndGradients(net, () => crossEntropy(net.apply(x, 'train'), labels, 0));
  const largest = new Map<string, number>();
  for (const [name, gradient] of gradients) {
    const variable = net.parameters.get(name)!;
    tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(gradient, rate))));
    largest.set(
      name,
      tf.tidy(() => tf.max(tf.abs(gradient)).dataSync()[0]!),
    );
    gradient.dispose();
  }
  tf.dispose([loss, labels]);
  return largest;
}

describe.each(Object.entries(NETWORKS))('with the %s activation', (_kind, config) => {
  test('every tap that the description names fires with the shape and sign it says, deep and merged', () => {
    const net = network(config);
    const x = images(config);
    warm(net, x);
    for (const merged of [false, true]) {
      if (merged) {
        net.lambda = 0;
        net.merge();
      }
      const described = describeTaps(config, merged);
      const seen = new Map<string, number[]>();
      const handles = described.map((tap) =>
        net.registerTap(tap.id, (id, value) => {
          seen.set(id, value.shape);
          if (!tap.signed) expect(tf.min(value).dataSync()[0]).toBeGreaterThanOrEqual(0);
        }),
      );
      net.apply(x, 'infer').dispose();
      expect(Object.fromEntries(seen)).toEqual(
        Object.fromEntries(described.map((tap) => [tap.id, [3, ...tap.shape]])),
      );
      for (const handle of handles) handle.remove();
    }
    tf.dispose(x);
    net.dispose();
  });

  test('merging at λ = 0 changes the logits by rounding alone, and leaves one convolution of every pair', () => {
    const net = network(config);
    const x = images(config);
    warm(net, x);
    net.lambda = 0;
    const deep = net.apply(x, 'infer');
    net.merge();
    const merged = net.apply(x, 'infer');
    const scale = tf.max(tf.abs(deep)).dataSync()[0]!;
    expect(difference(deep, merged) / scale).toBeLessThan(1e-5);
    expect(
      [...net.parameters.keys()].filter((name) => name.endsWith('.weight') && !name.includes('act')),
    ).toEqual([
      'stem.0.weight',
      ...(config.activation.kind === 'series' ? ['stem.1.weight'] : []),
      ...config.strides.map((_, i) => `stages.${i}.conv.weight`),
      'cls.2.weight',
    ]);
    expect(net.buffers.size).toBe(0);
    tf.dispose([x, deep, merged]);
    net.dispose();
  });

  test('a train step has a gradient for every trained parameter and keeps the tensor count constant', () => {
    const net = network(config);
    const x = images(config, 6);
    net.lambda = 0;
    for (const merged of [false, true]) {
      if (merged) net.merge();
      step(net, x, 0.1);
      const tensors = tf.memory().numTensors;
      step(net, x, 0.1);
      const largest = step(net, x, 0.1);
      expect(tf.memory().numTensors).toBe(tensors);
      const still = [...largest].filter(([, gradient]) => gradient === 0).map(([name]) => name);
      expect(still).toEqual([...net.parameters.keys()].filter((name) => !net.trained.has(name)));
    }
    x.dispose();
    net.dispose();
  });

  test('a copy computes the same and goes its own way', () => {
    const net = network(config);
    const x = images(config);
    warm(net, x);
    net.lambda = 0;
    const copy = net.copy();
    const [a, b] = [net.apply(x, 'infer'), copy.apply(x, 'infer')];
    expect(difference(a, b)).toBe(0);
    copy.merge();
    step(copy, x, 1);
    const c = net.apply(x, 'infer');
    expect(net.merged).toBe(false);
    expect(difference(a, c)).toBe(0);
    tf.dispose([x, a, b, c]);
    copy.dispose();
    net.dispose();
  });

  test('inference goes by the present weights: after every step, after statistics alone and after an import', () => {
    const net = network(config);
    const x = images(config);
    const other = network(config, 8);
    const infer = (one: VanillaNet): tf.Tensor => one.apply(x, 'infer');
    const outputs = [infer(net), infer(net)];
    expect(difference(outputs[0]!, outputs[1]!)).toBe(0);
    const changes = [
      () => void step(net, x, 0.1),
      () => net.apply(x, 'train').dispose(),
      () => importWeights(net, exportWeights(other)),
    ];
    for (const change of changes) {
      change();
      outputs.push(infer(net));
      expect(difference(outputs.at(-1)!, outputs.at(-2)!)).toBeGreaterThan(0);
    }
    outputs.push(infer(other));
    expect(difference(outputs.at(-1)!, outputs.at(-2)!)).toBe(0);
    const tensors = tf.memory().numTensors;
    step(net, x, 0.1);
    infer(net).dispose();
    expect(tf.memory().numTensors).toBe(tensors);
    tf.dispose([x, ...outputs]);
    other.dispose();
    net.dispose();
  });

  test('disposing leaves no tensor behind', () => {
    const before = tf.memory().numTensors;
    const net = network(config);
    const x = images(config);
    net.lambda = 0;
    net.apply(x, 'infer').dispose();
    net.merge();
    net.apply(x, 'infer').dispose();
    net.dispose();
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('λ outside 0 to 1 is refused with its value, and after the merge anything but 0', () => {
  const net = network(RELU);
  expect(net.lambda).toBe(1);
  for (const bad of [-0.1, 1.5, NaN])
    expect(() => (net.lambda = bad)).toThrowError(expect.objectContaining({ code: 'INVALID_CONFIG' }));
  expect(net.lambda).toBe(1);
  net.lambda = 0;
  net.merge();
  expect(() => (net.lambda = 0.5)).toThrow('only 0 is valid');
  net.dispose();
});

test('merging while λ > 0 is refused, names λ and changes nothing', () => {
  const net = network(RELU);
  net.lambda = 0.25;
  const names = [...net.parameters.keys()];
  expect(() => net.merge()).toThrowError(expect.objectContaining({ code: 'LAMBDA_NOT_ZERO' }));
  expect(() => net.merge()).toThrow('λ is 0.25');
  expect([...net.parameters.keys()]).toEqual(names);
  net.dispose();
});

test('training modes differ: inference uses the running statistics and does not move them', () => {
  const net = network(SERIES);
  const x = images(SERIES);
  const before = exportWeights(net);
  net.apply(x, 'infer').dispose();
  expect(exportWeights(net)).toEqual(before);
  net.apply(x, 'train').dispose();
  expect(exportWeights(net)).not.toEqual(before);
  net.dispose();
});
