import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { ops } from '../../../server/nn/ops.ts';
import { selfTest } from '../../../server/engine/selftest.ts';
import { startEngine, type Engine } from '../../../server/engine/start.ts';
import { testAgreement } from './agreement.ts';
import { watchKernels } from './helpers/watchedKernels.ts';
import { testTraces } from './traces.ts';

let engine: Engine;
let listeners: number;
beforeAll(async () => {
  listeners = process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection');
  engine = await startEngine('wasm', { allowSoftware: false });
});

test('the wasm rung names its device and version', () => {
  expect(engine).toMatchObject({ rung: 'wasm', device: expect.stringMatching(/SIMD/) });
  expect(engine.version).toMatch(/tfjs-backend-wasm \d/);
});

test('the backend leaves no listener that rethrows into the bundle', () => {
  expect(process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection')).toBe(
    listeners,
  );
});

test('the self-test passes and leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  await selfTest();
  expect(tf.memory().numTensors).toBe(before);
});

test('slices and splits give what they should, in one stretch or not', () => {
  tf.tidy(() => {
    const values = Array.from({ length: 24 }, (_, i) => i);
    const x = tf.tensor3d(values, [4, 3, 2]);
    const part = (begin: number[], size: number[], of: tf.Tensor = x) => tf.slice(of, begin, size).dataSync();
    expect(part([1, 0, 0], [2, 3, 2])).toEqual(Float32Array.from(values.slice(6, 18)));
    expect(part([1, 0, 1], [2, 3, 1])).toEqual(Float32Array.of(7, 9, 11, 13, 15, 17));
    expect(tf.split(x, [1, 3]).map((part) => part.shape)).toEqual([
      [1, 3, 2],
      [3, 3, 2],
    ]);
    expect(tf.split(x, [1, 3])[1]!.dataSync()).toEqual(Float32Array.from({ length: 18 }, (_, i) => i + 6));
    expect(tf.split(x, 2, 2)[1]!.dataSync()).toEqual(Float32Array.from({ length: 12 }, (_, i) => 2 * i + 1));
    expect(part([3, 2, 1], [1, 1, 1], tf.cast(x, 'int32'))).toEqual(Int32Array.of(23));
  });
});

test('repetitions give what they should, of stretches or not', () => {
  tf.tidy(() => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6], [2, 1, 1, 3]);
    const tiled = (reps: number[], of: tf.Tensor = x): number[] => [...tf.tile(of, reps).dataSync()];
    expect(tf.tile(x, [1, 2, 2, 1]).shape).toEqual([2, 2, 2, 3]);
    expect(tiled([1, 2, 2, 1])).toEqual([
      1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 4, 5, 6, 4, 5, 6,
    ]);
    expect(tiled([1, 1, 1, 2])).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
    expect(tiled([2, 1, 1, 2])).toEqual([
      1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6,
    ]);
    expect(tiled([1, 1, 1, 1])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(tiled([1, 2], tf.tensor2d([7, 8], [2, 1], 'int32'))).toEqual([7, 7, 8, 8]);
  });
});

testTraces(watchKernels);
testAgreement(ops);

// The last one: the allocator is of no use afterwards.
test('memory that is not to be had is an error, not an address', () => {
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc: (bytes: number) => number; _free: (address: number) => void };
  };
  wasm._malloc(3e9);
  for (const bytes of [3e9, 2 ** 32 - 4096, 5e9])
    expect(() => wasm._malloc(bytes)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_MEMORY', message: expect.stringContaining(`${bytes} bytes`) }),
    );
});
