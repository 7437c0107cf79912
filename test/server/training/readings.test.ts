import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { provideOps, resetOps } from '../../../server/nn/ops.ts';
import { Readings, unreadSteps } from '../../../server/training/readings.ts';
import { startEngine } from '../../../server/engine/start.ts';

beforeAll(async () => {
  await startEngine('cpu', { allowSoftware: false });
});
afterEach(() => {
  resetOps();
});

/** A tensor of one value that tells when it is read. */
function watched(value: number, reads: number[]): tf.Tensor1D {
  const tensor = tf.tensor1d([value]);
  const { data } = tensor;
  tensor.data = ((...args: []) => {
    reads.push(value);
    return data.apply(tensor, args);
  }) as typeof tensor.data;
  return tensor;
}

const values = (readings: { values: Float32Array }[]): number[] => readings.map(({ values: [v] }) => v!);

test.each([
  ['at once', false, [1, 2, 3], 2],
  ['only when they are taken, where that holds everything up', true, [], 1],
] as const)('results are read %s, and given in their order', async (_, readsWait, before, unread) => {
  provideOps({ readsWait });
  expect(unreadSteps()).toBe(unread);
  const tensors = tf.memory().numTensors;
  const reads: number[] = [];
  const readings = new Readings<string>();
  for (const value of [1, 2, 3]) readings.add(`step ${value}`, watched(value, reads));
  expect(reads).toEqual(before);
  expect(await readings.take(2)).toEqual([{ tag: 'step 1', values: Float32Array.of(1) }]);
  expect(values(await readings.take(0))).toEqual([2, 3]);
  expect(await readings.take(0)).toEqual([]);
  expect(reads).toEqual([1, 2, 3]);
  expect(tf.memory().numTensors).toBe(tensors);
});

test.each([false, true])('what nobody takes leaves no tensor (readsWait %s)', async (readsWait) => {
  provideOps({ readsWait });
  const tensors = tf.memory().numTensors;
  const readings = new Readings<null>();
  readings.add(null, watched(1, []));
  readings.dispose();
  expect(await readings.take(0)).toEqual([]);
  await new Promise(setImmediate);
  expect(tf.memory().numTensors).toBe(tensors);
});

test('what goes wrong with reading is thrown where it is taken', async () => {
  const readings = new Readings<null>();
  const tensor = tf.tensor1d([1]);
  tensor.data = () => Promise.reject(new Error('the device is lost'));
  readings.add(null, tensor);
  await expect(readings.take(0)).rejects.toThrow('the device is lost');
  expect(tensor.isDisposed).toBe(true);
});
