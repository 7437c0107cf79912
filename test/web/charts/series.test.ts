import { expect, test } from 'vitest';
import { resolveRun } from '../../../shared/presets.ts';
import type { EpochMetrics, RunRequest, StepMetrics } from '../../../shared/protocol.ts';
import {
  mergeMark,
  metricsAt,
  plannedLambda,
  plannedLearningRate,
  pointsOf,
  stairs,
  stepPoint,
} from '../../../web/src/lib/charts/series.ts';

const shape = {
  id: 'shapes',
  inputSize: 32,
  inputChannels: 3,
  classes: ['disc', 'square'],
  allowsFlip: true,
  allowsCrop: true,
} as const;
const plan = (training: RunRequest['training']) =>
  resolveRun({ data: { dataset: 'shapes' }, training: { mergeBeforeEnd: null, ...training } }, shape)
    .training;
const metrics = (epoch: number, trainLoss: number | null): EpochMetrics => ({
  epoch,
  lambda: 1,
  learningRate: 0.1,
  trainLoss,
  trainAccuracy: null,
  testLoss: 2,
  testAccuracy: 0.1,
  merged: false,
  seconds: 1,
  imagesPerSecond: null,
});

test('epochs without a value are no points', () => {
  const list = [metrics(0, null), metrics(1, 1.5), metrics(2, Number.NaN), metrics(3, 1)];
  expect(pointsOf(list, (m) => m.trainLoss)).toEqual([
    [1, 1.5],
    [3, 1],
  ]);
});

test('λ that is set per epoch is a stair: it begins at 1 and is 0 in the last epoch', () => {
  const points = plannedLambda(
    plan({ epochs: 4, lambda: { schedule: 'linear', share: 0.5, update: 'epoch' } }),
  );
  expect(points).toEqual([
    [0, 1],
    [1, 1],
    [1, 0.5],
    [2, 0.5],
    [2, 0],
    [3, 0],
    [3, 0],
    [4, 0],
  ]);
});

test('λ that is set per step falls without stairs', () => {
  const points = plannedLambda(
    plan({ epochs: 4, lambda: { schedule: 'linear', share: 0.5, update: 'step' } }),
  );
  expect(points).toEqual([
    [0, 1],
    [1, 0.5],
    [2, 0],
    [3, 0],
    [4, 0],
  ]);
});

test('measured values of an epoch become a stair that ends there', () => {
  expect(
    stairs([
      [0, 1],
      [1, 1],
      [2, 0.5],
    ]),
  ).toEqual([
    [0, 1],
    [0, 1],
    [1, 1],
    [1, 0.5],
    [2, 0.5],
  ]);
});

test('the learning rate rises to its peak at the end of the warm-up and ends at nearly 0', () => {
  const points = plannedLearningRate(plan({ epochs: 10, warmupEpochs: 2, learningRate: 0.4 }));
  expect(points[0]?.[1]).toBeLessThan(0.001);
  const peak = points.reduce((best, p) => (p[1] > best[1] ? p : best));
  expect(peak[0]).toBe(2);
  expect(peak[1]).toBeCloseTo(0.4, 3);
  expect(points.at(-1)?.[0]).toBe(10);
  expect(points.at(-1)?.[1]).toBeLessThan(0.001);
});

test('a plan of 10000 epochs needs no more points than a screen has pixels', () => {
  const training = plan({ epochs: 10000, lambda: { schedule: 'cosine', share: 1, update: 'epoch' } });
  expect(plannedLambda(training).length).toBeLessThan(1000);
  expect(plannedLambda(training).at(-1)?.[0]).toBe(10000);
});

test('a step stands within its epoch', () => {
  const step = { epoch: 3, step: 5, stepsPerEpoch: 20, loss: 1.25 } as StepMetrics;
  expect(stepPoint(step, (s) => s.loss)).toEqual([2.25, 1.25]);
  expect(stepPoint(null, (s) => s.loss)).toBeNull();
  expect(stepPoint({ ...step, loss: Number.NaN }, (s) => s.loss)).toBeNull();
});

test('the crosshair reads the nearest measured epoch', () => {
  const list = [metrics(0, null), metrics(1, 1), metrics(2, 0.5)];
  expect(metricsAt(list, 1.4)?.epoch).toBe(1);
  expect(metricsAt(list, null)?.epoch).toBe(2);
  expect(metricsAt([], 1)).toBeUndefined();
});

test('the merge is marked where it is planned', () => {
  expect(mergeMark(plan({ epochs: 20, mergeBeforeEnd: 4 }), false)).toEqual({
    position: 16,
    happened: false,
  });
  expect(mergeMark(plan({ epochs: 20 }), false)).toBeNull();
});
