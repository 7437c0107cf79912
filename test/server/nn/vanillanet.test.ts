import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { lossAndGradients } from '../../../server/nn/gradients.ts';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { exportWeights, importWeights } from '../../../server/nn/weights.ts';
import { Random } from '../../../server/random.ts';
import { crossEntropy } from '../../../server/training/loss.ts';
import type { NetworkConfig } from '../../../shared/config.ts';
import { describeTaps } from '../../../shared/network.ts';
import { usePortable } from './backends.ts';
import { NETWORKS, RELU, SERIES, SHIFTED } from './networks.ts';

beforeAll(() => usePortable('cpu'));

const network = (config: NetworkConfig, seed = 7): VanillaNet =>
  new VanillaNet(config, Random.seeded(seed, 'network'));

function images(config: NetworkConfig, count = 3, seed = 5): tf.Tensor4D {
  const random = Random.seeded(seed, 'images');
  const size = count * config.inputSize ** 2 * config.inputChannels;
  return tf.tensor4d(
    Float32Array.from({ length: size }, () => random.normal()),
    [count, config.inputSize, config.inputSize, config.inputChannels],
  );
}

/** A few training passes, so that running statistics, and with them the folding, are not trivial. */
function warm(net: VanillaNet, x: tf.Tensor4D): void {
  for (let i = 0; i < 3; i++) net.apply(x, 'train').dispose();
}

const difference = (a: tf.Tensor, b: tf.Tensor): number =>
  tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!);

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

test('an unknown tap is refused with the valid ones, and taps inside a pair are gone after the merge', () => {
  const net = network(SHIFTED);
  expect(() => net.registerTap('stages.9.out', () => undefined)).toThrowError(
    expect.objectContaining({
      code: 'NOT_FOUND',
      message: expect.stringContaining('stages.1.out') as string,
    }),
  );
  let fired = 0;
  net.registerTap('stem.pre', () => fired++);
  net.lambda = 0;
  net.merge();
  const x = images(SHIFTED);
  net.apply(x, 'infer').dispose();
  expect(fired).toBe(0);
  expect(() => net.registerTap('stem.pre', () => undefined)).toThrow("'stem.pre' is unknown");
  net.dispose();
});

test('a removed hook is not called again, and another one on the same tap still is', () => {
  const net = network(RELU);
  const calls: string[] = [];
  const hook = (): void => void calls.push('twice registered');
  const first = net.registerTap('logits', hook);
  net.registerTap('logits', hook);
  const x = images(RELU);
  net.apply(x, 'train').dispose();
  first.remove();
  first.remove();
  net.apply(x, 'infer').dispose();
  expect(calls).toHaveLength(3);
  net.dispose();
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
