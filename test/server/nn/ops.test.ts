import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ops, portableOps, provideOps, resetOps } from '../../../server/nn/ops.ts';
import { biasAdd } from '../../../server/nn/portable/biasAdd.ts';
import { channelSums } from '../../../server/nn/portable/channelSums.ts';
import { flatten } from '../../../server/nn/portable/flatten.ts';
import { globalAverage } from '../../../server/nn/portable/globalAverage.ts';
import { reachable } from '../../../server/nn/portable/reachable.ts';
import { shiftedRelu } from '../../../server/nn/portable/shiftedRelu.ts';
import { PORTABLE_BACKENDS, usePortable } from './backends.ts';
import { distinct, gradientError, values } from './gradientCheck.ts';

type T4 = tf.Tensor4D;
const TOLERANCE = 2e-3;

describe.each(PORTABLE_BACKENDS)('on %s', (backend) => {
  beforeAll(() => usePortable(backend));

  const list = (t: tf.Tensor): number[] => [...t.dataSync()];
  const rounded = (t: tf.Tensor): number[] => list(t).map((v) => Math.round(v * 1e4) / 1e4);

  test('a 1×1 convolution mixes channels and has the gradients of a matrix product', () => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]);
    const w = tf.tensor4d([1, 10, 100, 2, 20, 200], [1, 1, 2, 3]);
    expect(list(portableOps.conv1x1(x, w))).toEqual([5, 50, 500, 11, 110, 1100]);
    const error = gradientError(
      (x, w) => portableOps.conv1x1(x as T4, w as T4),
      [values(1, [2, 2, 3, 3]), values(2, [1, 1, 3, 4])],
    );
    expect(error).toBeLessThan(TOLERANCE);
  });

  test.each([
    [4, [0, 0], 9],
    [2, [1, 1], 6],
    [1, [1, 2], 5],
  ] as const)('the stem at stride %i agrees with a plain convolution', (stride, padding, size) => {
    const x = values(3, [2, size, size, 2]) as T4;
    const w = values(4, [4, 4, 2, 3]) as T4;
    const mine = portableOps.patchConv(x, w, stride, padding);
    const padded = tf.pad4d(x, [[0, 0], [...padding], [...padding], [0, 0]]);
    const plain = tf.conv2d(padded, w, stride, 'valid');
    expect(mine.shape).toEqual(plain.shape);
    expect(tf.max(tf.abs(tf.sub(mine, plain))).dataSync()[0]).toBeLessThan(1e-5);
    const error = gradientError((w) => portableOps.patchConv(x, w as T4, stride, padding), [w]);
    expect(error).toBeLessThan(TOLERANCE);
  });

  test('a depthwise convolution keeps to its channel, pads with zeros and has both gradients', () => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    const w = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3, 1, 1]);
    // Top left: 5·1 + 6·2 + 8·3 + 9·4.
    expect(list(portableOps.depthwise(x, w))).toEqual([77, 67, 47, 37]);
    for (const size of [3, 5]) {
      const error = gradientError(
        (x, w) => portableOps.depthwise(x as T4, w as T4),
        [values(5, [2, 3, 4, 2]), values(6, [size, size, 2, 1])],
      );
      expect(error).toBeLessThan(TOLERANCE);
    }
  });

  test.each([1, 2, 3, 4])(
    'a 7×7 filter cut to what a map of %i pixels can meet convolves the same',
    (side) => {
      const x = values(20, [2, side, side, 2]) as T4;
      const w = values(21, [7, 7, 2, 1]) as T4;
      const cut = reachable(w, x.shape);
      expect(cut.shape).toEqual([2 * side - 1, 2 * side - 1, 2, 1]);
      const whole = list(portableOps.depthwise(x, w));
      list(portableOps.depthwise(x, cut)).forEach((value, i) => expect(value).toBeCloseTo(whole[i]!, 5));
      const error = gradientError((w) => portableOps.depthwise(x, reachable(w as T4, x.shape)), [w]);
      expect(error).toBeLessThan(TOLERANCE);
    },
  );

  test('batch normalisation gives mean 0 and variance 1 before gamma and beta, and biased statistics', () => {
    const x = tf.tensor4d([1, 10, 3, 30], [2, 1, 1, 2]);
    const { y, mean, variance } = portableOps.batchNormTrain(x, tf.tensor1d([1, 2]), tf.tensor1d([0, 5]), 0);
    expect(rounded(y)).toEqual([-1, 3, 1, 7]);
    expect(list(mean)).toEqual([2, 20]);
    expect(rounded(variance)).toEqual([1, 100]);
  });

  test('the fused gradient of batch normalisation agrees with differences, epsilon small and large', () => {
    for (const epsilon of [1e-6, 0.1]) {
      const error = gradientError(
        (x, gamma, beta) =>
          portableOps.batchNormTrain(x as T4, gamma as tf.Tensor1D, beta as tf.Tensor1D, epsilon).y,
        [values(7, [3, 2, 2, 2]), values(8, [2], 0.5), values(9, [2])],
      );
      expect(error).toBeLessThan(TOLERANCE);
    }
  });

  test('batch normalisation keeps its digits where the mean is far from zero', () => {
    const x = tf.add(values(10, [8, 4, 4, 2]), 1000) as T4;
    const { y, variance } = portableOps.batchNormTrain(x, tf.ones([2]), tf.zeros([2]), 1e-6);
    const data = y.dataSync();
    let sum = 0;
    for (let i = 0; i < data.length; i += 2) sum += data[i]! ** 2;
    expect(sum / (data.length / 2)).toBeCloseTo(1, 2);
    for (const v of variance.dataSync()) expect(v).toBeGreaterThan(0.5);
  });

  test.each([1, 0.7, 0])('the annealed activation at λ = %f is λ·ReLU + (1 - λ)·identity', (lambda) => {
    const x = tf.tensor4d([-2, 0, 3], [1, 1, 1, 3]);
    const expected = [-2, 0, 3].map((v) => lambda * Math.max(0, v) + (1 - lambda) * v);
    list(portableOps.annealed(x, lambda)).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 6));
    const error = gradientError(
      (x) => portableOps.annealed(x as T4, lambda),
      [values(11, [2, 2, 2, 3], 0.05)],
    );
    expect(error).toBeLessThan(TOLERANCE);
  });

  test('at a kink the annealed activation takes the slope of the negative side, as PyTorch does', () => {
    const zero = tf.zeros([1, 1, 1, 1]) as T4;
    const slope = (lambda: number): number =>
      tf
        .grads((x) => portableOps.annealed(x as T4, lambda))([zero])[0]!
        .dataSync()[0]!;
    expect(slope(1)).toBe(0);
    expect(slope(0.75)).toBe(0.25);
  });

  test.each([
    [2, 4],
    [2, 5],
    [3, 7],
  ])('max-pooling over %i of maps of %i passes the gradient to the maximum', (size, side) => {
    const x = distinct(12, [2, side, side, 3]);
    const error = gradientError((x) => portableOps.maxPool(x as T4, size), [x]);
    expect(error).toBeLessThan(TOLERANCE);
  });

  test('where maxima tie, the first one in reading order takes the whole gradient', () => {
    const flat = tf.ones([1, 4, 4, 1]) as T4;
    const [gradient] = tf.grads((x) => portableOps.maxPool(x as T4, 2))([flat]);
    expect(list(gradient!)).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
  });

  test('a dropped remainder of rows and columns has no gradient', () => {
    const x = distinct(13, [1, 3, 3, 1]) as T4;
    const [gradient] = tf.grads((x) => portableOps.maxPool(x as T4, 2))([x]);
    const values = list(gradient!);
    expect([2, 5, 6, 7, 8].map((i) => values[i])).toEqual([0, 0, 0, 0, 0]);
    expect(values.reduce((a, b) => a + b, 0)).toBe(1);
  });

  test('the sum of shifted ReLUs is worked by hand, and its three gradients agree with differences', () => {
    const x = tf.tensor4d([1, -1, 2, 0.5], [1, 1, 2, 2]);
    const scales = tf.tensor2d([1, 10, 2, 20], [2, 2]);
    const shifts = tf.tensor2d([0, 0, -1.5, 2], [2, 2]);
    // Channel 0: 1·ReLU(x) + 2·ReLU(x - 1.5); channel 1: 10·ReLU(x) + 20·ReLU(x + 2).
    expect(list(shiftedRelu(x, scales, shifts))).toEqual([1, 20, 3, 55]);
    const hinges = tf.tensor2d([-0.501, 0.499, 0.001, 0.002, 0.503, -0.497], [3, 2]);
    const error = gradientError(
      (x, a, b) => shiftedRelu(x as T4, a as tf.Tensor2D, b as tf.Tensor2D),
      [distinct(14, [2, 2, 2, 2], 0.25), values(15, [3, 2]), hinges],
    );
    expect(error).toBeLessThan(TOLERANCE);
  });

  test('the backward pass frees what it made on the way, and neither its result nor what the caller holds', () => {
    const [x, dy] = [values(22, [1, 2, 2, 3]), values(23, [1, 2, 2, 3])] as [T4, T4];
    const twice = (x: tf.Tensor): tf.Tensor => portableOps.annealed(portableOps.annealed(x as T4, 0.5), 0.5);
    const before = tf.memory().numTensors;
    const [gradient] = tf.grads(twice)([x], dy);
    expect(tf.memory().numTensors).toBe(before + 1);
    const expected = list(x).map((v, i) => (v > 0 ? 1 : 0.25) * list(dy)[i]!);
    list(gradient!).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 5));
    tf.dispose([x, dy, gradient!]);
  });

  test('bias, average and flattening have their gradients', () => {
    const x = values(16, [2, 3, 2, 2]);
    expect(gradientError((x, b) => biasAdd(x as T4, b as tf.Tensor1D), [x, values(17, [2])])).toBeLessThan(
      TOLERANCE,
    );
    expect(gradientError((x) => globalAverage(x as T4), [x])).toBeLessThan(TOLERANCE);
    expect(gradientError((x) => flatten(x as T4), [values(18, [2, 1, 1, 3])])).toBeLessThan(TOLERANCE);
  });

  test('sums over everything but channels are exact where float32 is', () => {
    const x = tf.tensor4d(
      Float32Array.from({ length: 3 * 5 * 4 * 2 }, (_, i) => i),
      [3, 5, 4, 2],
    );
    expect(list(channelSums(x))).toEqual([3540, 3600]);
    expect(list(channelSums(tf.reshape(x, [15, 1, 4, 2])))).toEqual([3540, 3600]);
    expect(list(channelSums(tf.reshape(x, [60, 1, 1, 2])))).toEqual([3540, 3600]);
  });
});

test('an engine replaces some operations and the others stay portable', () => {
  const maxPool = (): T4 => tf.zeros([1, 1, 1, 1]);
  provideOps({ maxPool });
  expect(ops().maxPool).toBe(maxPool);
  expect(ops().conv1x1).toBe(portableOps.conv1x1);
  resetOps();
  expect(ops()).toBe(portableOps);
});
