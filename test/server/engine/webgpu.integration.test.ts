import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, test } from 'vitest';
import { selfTest } from '../../../server/engine/selftest.ts';
import { startEngine, type Engine } from '../../../server/engine/start.ts';
import { webgpuOps } from '../../../server/engine/webgpu/ops.ts';
import { lossAndGradients } from '../../../server/nn/gradients.ts';
import { ops, provideOps, resetOps } from '../../../server/nn/ops.ts';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { Random } from '../../../server/random.ts';
import { crossEntropy } from '../../../server/training/loss.ts';
import type { ScopeError } from '../../../shared/errors.ts';
import { testAgreement } from './agreement.ts';
import { watchKernels } from './helpers/watchedKernels.ts';
import { testTraces } from './traces.ts';

// Hardware where there is any, else SwiftShader out of an installed Chromium.
let engine: Engine | undefined;
const missing = await startEngine('webgpu', { allowSoftware: true }).then(
  (started) => {
    engine = started;
    return '';
  },
  (error: Error) => error.message,
);
const errors: ScopeError[] = [];
engine?.onFatal((error) => errors.push(error));

const NETWORK = {
  inputSize: 16,
  inputChannels: 3,
  classes: 5,
  stemStride: 2,
  dims: [8, 12, 16],
  strides: [2, 1],
  activation: { kind: 'series', n: 1 },
  bnEpsilon: 1e-5,
  bnMomentum: 0.1,
} as const;

/** Loss and gradients of a tiny network on the current backend. */
async function gradients(): Promise<Map<string, Float32Array>> {
  const random = Random.seeded(3, 'tiny');
  const net = new VanillaNet({ ...NETWORK, dims: [...NETWORK.dims], strides: [...NETWORK.strides] }, random);
  net.lambda = 0.4;
  const x = tf.tensor4d(
    Float32Array.from({ length: 4 * 16 * 16 * 3 }, () => random.normal()),
    [4, 16, 16, 3],
  );
  const labels = tf.tensor1d([0, 3, 1, 4], 'int32');
  const { loss, gradients } = lossAndGradients(net, () => crossEntropy(net.apply(x, 'train'), labels, 0.1));
  const values = new Map<string, Float32Array>();
  values.set('loss', (await loss.data()) as Float32Array);
  for (const [name, gradient] of gradients) values.set(name, (await gradient.data()) as Float32Array);
  tf.dispose([x, labels, loss, ...gradients.values()]);
  net.dispose();
  return values;
}

describe.skipIf(missing)(`WebGPU${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('the rung names its device and versions', () => {
    expect(engine).toMatchObject({ rung: 'webgpu', version: expect.stringMatching(/^webgpu \d.*webgpu \d/) });
    expect(engine!.device).not.toBe('');
    expect(tf.getBackend()).toBe('webgpu');
  });

  test('the self-test passes and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await selfTest();
    expect(tf.memory().numTensors).toBe(before);
  });

  // A processor that plays a GPU is slow.
  testTraces(watchKernels, { size: 16, presets: ['small'] });
  testAgreement(ops, 'cpu');

  test('values from outside arrive whole, also where a buffer is used again at once', async () => {
    const length = 700_001; // more than is written at a time
    const results: tf.Tensor[] = [];
    for (let round = 0; round < 4; round++) {
      const x = tf.tensor1d(Float32Array.from({ length }, (_, i) => i + round));
      results.push(ops().joined([x]));
      x.dispose();
    }
    for (const [round, result] of results.entries()) {
      const values = (await result.data()) as Float32Array;
      expect(values.length).toBe(length);
      expect(values.findIndex((value, i) => value !== i + round)).toBe(-1);
    }
    const whole = tf.tensor1d([1, -2, 3], 'int32');
    const truth = tf.tensor1d([true, false, true]);
    const both = tf.add(whole, tf.cast(truth, 'int32'));
    expect([...(await both.data())]).toEqual([2, -2, 4]);
    tf.dispose([results, whole, truth, both]);
  });

  test('more values than the workgroups of one dimension take are all computed', async () => {
    const x = tf.fill<tf.Rank.R4>([1, 257, 65_537, 1], -1);
    const y = ops().annealed(x, 0.5);
    const values = (await y.data()) as Float32Array;
    expect(values.length).toBe(257 * 65_537);
    expect(values.findIndex((value) => value !== -0.5)).toBe(-1);
    tf.dispose([x, y]);
  });

  test('loss and every gradient of a network agree with those of the cpu backend', async () => {
    const got = await gradients();
    await tf.setBackend('cpu');
    resetOps();
    const expected = await gradients();
    await tf.setBackend('webgpu');
    provideOps(webgpuOps);
    expect([...got.keys()]).toEqual([...expected.keys()]);
    for (const [name, values] of expected) {
      const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const worst = values.reduce((most, v, i) => Math.max(most, Math.abs(got.get(name)![i]! - v)), 0);
      expect(worst, `${name}, largest value ${scale}`).toBeLessThanOrEqual(1e-4 * scale + 1e-7);
    }
  });

  test('a buffer that the device refuses is a fatal error, not silent zeros', async () => {
    expect(errors).toEqual([]);
    const device = (tf.backend() as unknown as { device: GPUDevice }).device;
    const size = device.limits.maxBufferSize + 4;
    device.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
    await device.queue.onSubmittedWorkDone();
    await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(errors[0]).toMatchObject({ code: expect.stringMatching(/OUT_OF_MEMORY|INTERNAL/) });
    expect(errors[0]!.message).toMatch(/^WebGPU: /);
  });
});
