import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { ops, portableOps, type Ops } from '../../../../server/nn/ops.ts';
import { adamwRates } from '../../../../server/nn/portable/adamw.ts';
import { startEngine } from '../../../../server/engine/start.ts';
import { Random } from '../../../../server/random.ts';

beforeAll(async () => {
  await startEngine('wasm', { allowSoftware: false });
});

const random = Random.seeded(3, 'fused');
const normals = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());

test.each([
  [2, 4, 4, 8],
  [3, 5, 3, 24],
  [1, 1, 1, 4],
  [10, 7, 9, 36],
  [2, 3, 3, 5],
])('quantising [%i, %i, %i, %i] gives the portable levels and ranges', (...shape) => {
  const { length } = new Float32Array(shape.reduce((a, b) => a * b, 1));
  tf.tidy(() => {
    const x = tf.tensor4d(normals(length), shape);
    const [got, expected] = [ops().quantise(x).dataSync(), portableOps.quantise(x).dataSync()];
    expect(got.length).toBe(expected.length);
    const channels = shape[3];
    // Sums are taken in another order; ranges and levels are the same numbers.
    for (const [i, value] of expected.entries())
      if (i >= 2 * channels && i < 3 * channels) expect(got[i]).toBeCloseTo(value, 4);
      else expect(got[i]).toBe(value);
  });
});

test('a level half between two is the even one, and a constant channel is all zeros', () => {
  tf.tidy(() => {
    // Range 255: a value is its own level before rounding.
    const column = [0, 0.5, 1.5, 2.5, 254.5, 255];
    const x = tf.tensor4d(
      column.flatMap((v) => [v, 7, v - 100, 0]),
      [1, 6, 1, 4],
    );
    const values = ops().quantise(x).dataSync();
    expect([...values.subarray(0, 8)]).toEqual([0, 7, -100, 0, 255, 7, 155, 0]);
    expect([...values.subarray(12, 24)]).toEqual([0, 0, 2, 2, 254, 255, 0, 0, 0, 0, 0, 0]);
  });
});

test.each([NaN, Infinity, -Infinity])('a value of %d leaves the sum of its channel not finite', (bad) => {
  tf.tidy(() => {
    const values = normals(2 * 3 * 3 * 8);
    values[8 * 5 + 6] = bad;
    const sums = ops()
      .quantise(tf.tensor4d(values, [2, 3, 3, 8]))
      .dataSync()
      .subarray(16, 24);
    expect([...sums].map(Number.isFinite)).toEqual([true, true, true, true, true, true, false, true]);
  });
});

test.each([3, 4, 5, 8, 1027, 40_001])('AdamW of %i values agrees with the portable update', (length) => {
  const config = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  for (const decaying of [true, false]) {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const vector = (): tf.Tensor1D => tf.tensor1d(normals(length));
      const state = { weights: vector(), mean: vector(), square: tf.square(vector()) };
      const gradient = vector();
      const decay = decaying ? tf.tensor1d(normals(length).map((v) => (v > 0 ? 0.05 : 0))) : null;
      const update = (by: Ops): Float32Array[] => {
        const next = by.adamw(state, gradient, decay, config, tf.tensor1d(adamwRates(config, 0.01, 3)));
        return [next.weights, next.mean, next.square].map((t) => t.dataSync() as Float32Array);
      };
      const [got, expected] = [update(ops()), update(portableOps)];
      expected.forEach((values, i) =>
        values.forEach((value, at) => {
          if (Math.abs(got[i]![at]! - value) > 1e-6 * Math.max(1, Math.abs(value)))
            expect.fail(`output ${i}, value ${at}: ${got[i]![at]} instead of ${value}`);
        }),
      );
    });
    expect(tf.memory().numTensors).toBe(before);
  }
});

test.each([
  [[2, 3, 5, 8], [8]],
  [[7, 24], [24]],
  [[2, 3, 5, 6], [6]],
  [
    [2, 3, 5, 8],
    [5, 8],
  ],
  [[8], [8]],
  [[4, 8], [1]],
])('%j plus %j is the sum, value for value', (shape, added) => {
  tf.tidy(() => {
    const size = (sides: number[]): number => sides.reduce((a, b) => a * b, 1);
    const [x, b] = [normals(size(shape)), normals(size(added))];
    const before = tf.memory().numTensors;
    const sum = tf.add(tf.tensor(x, shape), tf.tensor(b, added));
    expect(sum.shape).toEqual(shape);
    expect([...sum.dataSync()]).toEqual([...x.map((value, i) => value + b[i % b.length]!)]);
    expect(tf.memory().numTensors).toBe(before + 3);
  });
});
