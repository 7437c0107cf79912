import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildAddon } from '../../../server/engine/native/build.ts';
import { findTensorflow } from '../../../server/engine/native/libtensorflow.ts';
import { selfTest } from '../../../server/engine/selftest.ts';
import { startEngine, type Engine } from '../../../server/engine/start.ts';
import { ops } from '../../../server/nn/ops.ts';
import { testAgreement } from './agreement.ts';

const found = await findTensorflow({}).then(
  () => '',
  (error: Error) => error.message,
);

describe.skipIf(found)(`TensorFlow${found ? ` (skipped: ${found})` : ''}`, () => {
  const cache = mkdtempSync(join(tmpdir(), 'native-'));
  const steps: string[] = [];
  let engine: Engine;

  beforeAll(async () => {
    process.env.VANILLASCOPE_CACHE = cache;
    const built = await buildAddon({}, (step) => steps.push(step));
    built.keep();
    engine = await startEngine('tensorflow', { allowSoftware: false });
  });
  afterAll(() => rmSync(cache, { recursive: true }));

  test('the addon is built with progress and starts the CPU rung', () => {
    expect(steps.join('\n')).toMatch(/compiling tfjs_backend.cc\n.*\nlinking$/);
    expect(engine.rung).toBe('tensorflow');
    expect(engine.version).toMatch(/^TensorFlow \d+\.\d+\.\d+, @tensorflow\/tfjs-node/);
    expect(tf.getBackend()).toBe('tensorflow');
  });

  test('the self-test passes and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await selfTest();
    expect(tf.memory().numTensors).toBe(before);
  });

  testAgreement(ops);
});
