import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { startEngine } from '../../server/engine/start.ts';
import { countDispatches } from './dispatches.ts';

// Hardware where there is any, else SwiftShader out of an installed Chromium.
const missing = await startEngine('webgpu', { allowSoftware: true }).then(
  () => '',
  (error: Error) => error.message,
);

/** The methods whose calls are counted. */
const counted = (): unknown[] => [
  GPUComputePassEncoder.prototype.dispatchWorkgroups,
  GPUComputePassEncoder.prototype.dispatchWorkgroupsIndirect,
  GPUQueue.prototype.submit,
];

describe.skipIf(missing)(`WebGPU${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('each operation is a dispatch, and reading the result a submit', async () => {
    const x = tf.tensor1d([-1, 2]);
    const tensors = tf.memory().numTensors;
    const one = await countDispatches(() => tf.relu(x));
    const three = await countDispatches(() => tf.tidy(() => tf.relu(tf.add(tf.relu(x), x))));
    expect([one.dispatches, three.dispatches]).toEqual([1, 3]);
    expect([one.submits, three.submits]).toEqual([1, 1]);
    expect(three.javascript).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(tensors);
    x.dispose();
  });

  test('nothing is counted any more afterwards, even where a step fails', async () => {
    const before = counted();
    const failing = countDispatches(() => {
      expect(counted()).not.toEqual(before);
      throw new Error('a step that fails');
    });
    await expect(failing).rejects.toThrow('a step that fails');
    expect(counted()).toEqual(before);
  });
});
