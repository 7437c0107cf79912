import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { ops } from '../../../server/nn/ops.ts';
import { selfTest } from '../../../server/engine/selftest.ts';
import { startEngine, type Engine } from '../../../server/engine/start.ts';
import { testAgreement } from './agreement.ts';

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
