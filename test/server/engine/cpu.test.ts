import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { selfTest } from '../../../server/engine/selftest.ts';
import { startEngine, type Engine } from '../../../server/engine/start.ts';
import { portableOps, provideOps, resetOps } from '../../../server/nn/ops.ts';
import { withGradient } from '../../../server/nn/portable/gradient.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine('cpu', { allowSoftware: false });
});
afterEach(resetOps);

test('the cpu rung names its device and version', () => {
  expect(engine.rung).toBe('cpu');
  expect(engine.device).toMatch(/\d+ cores/);
  expect(engine.version).toMatch(/tfjs-backend-cpu \d+\.\d+/);
  expect(tf.getBackend()).toBe('cpu');
});

test('the self-test passes and leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  await selfTest();
  expect(tf.memory().numTensors).toBe(before);
});

/** A kernel whose result is off by a factor. */
const scaled = (y: tf.Tensor4D, factor: number): tf.Tensor4D =>
  withGradient([y], (_save, y: tf.Tensor4D) => ({
    value: tf.mul(y, factor) as tf.Tensor4D,
    gradient: (dy) => [tf.mul(dy, factor)],
  }));

test('the self-test refuses a kernel that returns zeros', async () => {
  provideOps({ depthwise: (x, w) => scaled(portableOps.depthwise(x, w), 0) });
  await expect(selfTest()).rejects.toThrow(/self-test: the loss is off by/);
});

test('the self-test refuses a gradient of zeros', async () => {
  provideOps({
    patchConv: (x, w) =>
      withGradient([w], (_save, w: tf.Tensor4D) => ({
        value: portableOps.patchConv(x, w, 4, [0, 0]),
        gradient: () => [tf.zeros(w.shape)],
      })),
  });
  await expect(selfTest()).rejects.toThrow('self-test: the gradient of stem is all zeros');
});

test('the self-test refuses a kernel that is off by one percent', async () => {
  provideOps({ conv1x1: (x, w) => scaled(portableOps.conv1x1(x, w), 1.01) });
  await expect(selfTest()).rejects.toThrow(/self-test: .* is off by/);
});

test('the self-test refuses NaN', async () => {
  provideOps({ maxPool: (x, size) => scaled(portableOps.maxPool(x, size), NaN) });
  await expect(selfTest()).rejects.toThrow(/off by NaN/);
});
