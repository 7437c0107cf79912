import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { decodeFrame, readMap } from '../../../shared/frame.ts';
import { resolveRun } from '../../../shared/presets.ts';
import { loadShapes } from '../../../server/datasets/shapes.ts';
import { TrainerControl } from '../../../server/training/control.ts';
import { train } from '../../../server/training/trainer.ts';
import { useWasm } from './backend.ts';
import { collect, only } from './tiny.ts';

beforeAll(useWasm);

/** A small network over all of shapes: λ falls over the first half, the merge is two epochs before the end. */
function run(): ReturnType<typeof train> {
  const dataset = loadShapes(1);
  const config = resolveRun(
    {
      data: { dataset: 'shapes', crop: 2 },
      network: { dims: [24, 48, 96], strides: [2, 2], activation: { kind: 'series', n: 2 }, bnMomentum: 0.3 },
      training: {
        epochs: 10,
        batchSize: 64,
        learningRate: 0.01,
        labelSmoothing: 0.05,
        lambda: { schedule: 'linear', share: 0.6, update: 'step' },
        mergeBeforeEnd: 2,
      },
    },
    dataset.shape,
  );
  return train({
    config,
    dataset,
    rung: 'wasm',
    engine: 'test',
    control: new TrainerControl(),
    resume: null,
  });
}

test('a real network learns shapes to over 90 % of the test images, through λ = 0 and the merge', async () => {
  const counts: number[] = [];
  const events = await collect(run(), (event) => {
    if (event.type === 'checkpoint') counts.push(tf.memory().numTensors);
  });
  const epochs = only(events, 'epoch').map((event) => event.metrics);
  const summary = epochs.map((e) => `${e.epoch}: ${e.testLoss.toFixed(3)} ${e.testAccuracy}`).join(', ');
  expect(epochs.at(-1)!.testAccuracy, summary).toBeGreaterThan(0.9);
  expect(epochs[0]!.testAccuracy).toBeLessThan(0.3);
  expect(only(events, 'merged')[0]!.maxLogitDifference).toBeLessThan(1e-3);
  const [before, after] = [epochs[8]!, epochs[9]!];
  expect([before.merged, after.merged]).toEqual([false, true]);
  expect(Math.abs(after.trainLoss! - before.trainLoss!), summary).toBeLessThan(0.1);
  expect(Math.abs(after.testLoss - before.testLoss), summary).toBeLessThan(0.1);
  expect(new Set(counts.slice(0, 9)).size).toBe(1);
  expect(new Set(counts.slice(9)).size).toBe(1);

  // The maps of the last block change with training and differ between probes.
  const maps = only(events, 'snapshot').map(({ bytes }) =>
    decodeFrame(bytes).taps.find((t) => t.id === 'stages.1.out')!,
  );
  expect(readMap(maps.at(-1)!, 0, 0)).not.toEqual(readMap(maps[0]!, 0, 0));
  expect(readMap(maps.at(-1)!, 1, 0)).not.toEqual(readMap(maps.at(-1)!, 0, 0));
});
