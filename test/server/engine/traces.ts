/** Holds an engine's traces against the work that they stand for. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import { ops, type Ops } from '../../../server/nn/ops.ts';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { Random } from '../../../server/random.ts';
import { Optimizer } from '../../../server/training/optimizer.ts';
import { TapRecorder } from '../../../server/training/recorder.ts';
import { TrainStep } from '../../../server/training/step.ts';
import type { OptimizerConfig } from '../../../shared/config.ts';
import { findPreset } from '../../../shared/presets.ts';

/** An engine watched from below its operations. */
export interface Watched {
  /** Tensors that came since the last look, less those that went, whether tfjs knows of them or not. */
  take(): number;
  /** From now on joining tensors fails, or does not. */
  fail(failing: boolean): void;
  end(): void;
}

/** Work on a fixed tensor, a variable and a number that is uploaded each time. */
function example(): { fixed: tf.Tensor1D; variable: tf.Variable; work: () => tf.Tensor1D } {
  const fixed = tf.tensor1d([1, 2, 3]);
  const variable = tf.tidy(() => tf.variable(tf.tensor1d([10, 20, 30])));
  const work = (): tf.Tensor1D =>
    tf.tidy(() =>
      tf.concat1d([tf.mul(tf.mul(fixed, fixed), variable), tf.sub(variable, tf.tensor1d([1, 1, 2]))]),
    );
  return { fixed, variable, work };
}

/** Declares the tests, of networks on images of `size` × `size`; the engine is started when they run. `watch` begins to
 * watch it. */
export function testTraces(
  watch: () => Watched,
  { size = 32, presets = ['small', 'article'] }: { size?: number; presets?: string[] } = {},
): void {
  const traced: Ops['traced'] = (...work) => ops().traced(...work);

  test('from the second time on, work is done by its ops alone, on what its inputs are then', async () => {
    const { fixed, variable, work } = example();
    const spy = vi.fn(work);
    const again = traced([fixed], [variable], spy);
    const before = tf.memory().numTensors;
    for (const base of [1, 2, 3, 4]) {
      tf.tidy(() => variable.assign(tf.tensor1d([base, base * 10, base * 100])));
      const got = again.run(0.5);
      expect(got.shape).toEqual([6]);
      expect([...(await got.data())]).toEqual([
        ...[base, 40 * base, 900 * base],
        ...[base - 1, 10 * base - 1, 100 * base - 2],
      ]);
      got.dispose();
    }
    expect(spy).toHaveBeenCalledTimes(1);
    expect(tf.memory().numTensors).toBe(before);
    again.dispose();
    tf.dispose([fixed, variable]);
  });

  test('what the work assigns is assigned in every run', async () => {
    const [count, twice] = tf.tidy(() => [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.zeros([1, 2]))]);
    const spy = vi.fn(() =>
      tf.tidy(() => {
        count.assign(tf.add(count, 1));
        twice.assign(tf.reshape(tf.mul(count, 2), [1, 2]));
        return tf.reshape(tf.sub(twice, count), [2]) as tf.Tensor1D;
      }),
    );
    const again = traced([], [count, twice], spy);
    const before = tf.memory().numTensors;
    for (let i = 1; i <= 4; i++) {
      const got = again.run(0.5);
      expect([...(await got.data())]).toEqual([1 + i, 2 + i]);
      got.dispose();
      expect([...(await count.data())]).toEqual([1 + i, 2 + i]);
      expect([...(await twice.data())]).toEqual([2 + 2 * i, 4 + 2 * i]);
    }
    expect(spy).toHaveBeenCalledTimes(1);
    expect(tf.memory().numTensors).toBe(before);
    again.dispose();
    tf.dispose([count, twice]);
  });

  test('a trace holds its constants until it is disposed of, and frees all else that it makes', () => {
    const { fixed, variable, work } = example();
    work().dispose(); // what is made once for good
    const watched = watch();
    try {
      const again = traced([fixed], [variable], work);
      again.run(0.5).dispose();
      // The uploaded vector, and the square of the fixed one.
      expect(watched.take()).toBe(2);
      again.run(0.5).dispose();
      expect(watched.take()).toBe(0);
      watched.fail(true);
      expect(() => again.run(0.5)).toThrow('fails');
      watched.fail(false);
      expect(watched.take()).toBe(0);
      again.run(0.5).dispose();
      again.dispose();
      expect(watched.take()).toBe(-2);
    } finally {
      watched.end();
    }
    tf.dispose([fixed, variable]);
  });

  test('work that takes a tensor which it has not named, or the same one twice, is done each time', () => {
    const { fixed, variable, work } = example();
    work().dispose(); // what is made once for good
    const watched = watch();
    try {
      for (const [named, inputs] of [
        [[], [variable]],
        [[fixed], []],
        [[fixed], [variable, variable]],
      ]) {
        const spy = vi.fn(work);
        const again = traced(named!, inputs!, spy);
        for (let i = 0; i < 4; i++) again.run(0.5).dispose();
        expect(spy).toHaveBeenCalledTimes(4);
        again.dispose();
      }
      expect(watched.take()).toBe(0);
    } finally {
      watched.end();
    }
    tf.dispose([fixed, variable]);
  });

  test.each(presets)('a frame of %s that comes again shows the weights of then', async (preset) => {
    const random = Random.seeded(5, 'traces');
    const network = { ...findPreset(preset).network, inputSize: size, inputChannels: 3, classes: 10 };
    const net = new VanillaNet(network, random);
    const inputs = Float32Array.from({ length: 2 * size * size * 3 }, () => random.normal());
    const moment = { epoch: 0, step: 0, lambda: 0.5, merged: false, loss: null, accuracy: null };
    const watch = { taps: ['stem.out', 'stages.0.act', 'stages.1.out', 'logits'], probes: [1] };
    const recorder = new TapRecorder(inputs, 2, 'u8');
    const seen = new Set<string>();
    // Enough between 0 and 1 for a trace to be fused.
    const between = Array.from({ length: 12 }, (_, i) => 0.9 - 0.07 * i);
    const lambdas = [1, 1, ...between, 0, 0, null, null];
    for (const [i, lambda] of lambdas.entries()) {
      if (lambda !== null) net.lambda = lambda;
      else net.merge();
      if (!net.merged) {
        const x = tf.tensor4d(inputs, [2, size, size, 3]);
        net.apply(x, 'train').dispose(); // moves the running statistics
        x.dispose();
      }
      const { variable } = net.variables[(i * 5) % net.variables.length]!;
      tf.tidy(() => variable.assign(tf.mul(variable, 1.25)));
      const frame = await recorder.record(net, moment, watch);
      const fresh = new TapRecorder(inputs, 2, 'u8');
      expect(frame).toEqual(await fresh.record(net, moment, watch));
      fresh.dispose();
      seen.add(frame.taps.map(({ maximum }) => maximum.join()).join());
    }
    expect(seen.size).toBe(lambdas.length);
    recorder.dispose();
    net.dispose();
  });

  const SGD: OptimizerConfig = { kind: 'sgd', momentum: 0.9, weightDecay: 0.01 };
  const ADAMW: OptimizerConfig = {
    kind: 'adamw',
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.05,
  };

  test.each([...presets.map((preset) => [preset, ADAMW] as const), ['small', SGD] as const])(
    'steps of %s that come again train as each by itself does: %j',
    async (preset, config) => {
      const network = { ...findPreset(preset).network, inputSize: size, inputChannels: 3, classes: 10 };
      const random = Random.seeded(6, 'traces');
      const nets = [0, 1].map(() => new VanillaNet(network, Random.seeded(7, 'traces')));
      // A hook wants to see the values, so that nothing is traced.
      const seen = vi.fn();
      const told = vi.spyOn(nets[0]!, 'apply');
      const hook = nets[1]!.registerTap('logits', seen);
      const make = (net: VanillaNet): { optimizer: Optimizer; step: TrainStep } => {
        const optimizer = new Optimizer(config, net.trained);
        return { optimizer, step: new TrainStep(net, optimizer, 0.1) };
      };
      let made = nets.map(make);
      const dispose = (): void => {
        for (const { step, optimizer } of made) {
          step.dispose();
          optimizer.dispose();
        }
      };
      // Enough between 0 and 1 for a trace to be fused.
      const lambdas = [
        1,
        1,
        0.9,
        0.6,
        0.5,
        0.3,
        0.1,
        0.8,
        0.7,
        0.6,
        0.5,
        0.4,
        0.3,
        0.2,
        0,
        0,
        null,
        null,
        null,
      ];
      for (const [i, lambda] of lambdas.entries()) {
        if (lambda !== null) for (const net of nets) net.lambda = lambda;
        else if (!nets[0]!.merged) {
          dispose();
          for (const net of nets) net.merge();
          made = nets.map(make);
        }
        const count = i === 4 || i === 6 ? 5 : 8;
        const x = Float32Array.from({ length: count * size * size * 3 }, () => random.normal());
        const labels = Uint16Array.from({ length: count }, () => random.integer(0, 9));
        const results = await Promise.all(
          made.map(async ({ step }) => {
            const stats = step.run({ x, labels, count }, 0.002 / (i + 1));
            const values = [...(await stats.data())];
            stats.dispose();
            return values;
          }),
        );
        expect(results[0]![0]! / results[1]![0]!).toBeCloseTo(1, 4);
        expect(results[0]![1]).toBe(results[1]![1]);
      }
      expect(seen).toHaveBeenCalledTimes(lambdas.length);
      // At λ = 1, between the two on 8 and on 5 images, at 0, and merged.
      expect(told).toHaveBeenCalledTimes(5);
      for (const [i, { name, variable }] of nets[0]!.variables.entries()) {
        const [got, expected] = await Promise.all(
          [variable, nets[1]!.variables[i]!.variable].map((v) => v.data() as Promise<Float32Array>),
        );
        const most = expected!.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
        got!.forEach((value, at) => {
          if (Math.abs(value - expected![at]!) > 1e-4 * most + 1e-6)
            expect.fail(`${name}, value ${at}: ${value} instead of ${expected![at]}`);
        });
      }
      hook.remove();
      dispose();
      for (const net of nets) net.dispose();
    },
  );
}
