import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { decodeFrame } from '../../../shared/frame.ts';
import { describeTaps } from '../../../shared/network.ts';
import type { TrainerEvent } from '../../../server/training/messages.ts';
import { useWasm } from './backend.ts';
import { collect, only, tinyConfig, tinyRun } from './tiny.ts';

/** One whole run of the tiny configuration, and the number of tensors before, at its checkpoints and after. */
let whole: TrainerEvent[];
const tensors = { before: 0, at: [] as number[], after: 0 };

beforeAll(async () => {
  await useWasm();
  tensors.before = tf.memory().numTensors;
  whole = await collect(tinyRun(tinyConfig()), (event) => {
    if (event.type === 'checkpoint') tensors.at.push(tf.memory().numTensors);
  });
  tensors.after = tf.memory().numTensors;
});

/** What happened, in a word each. */
const story = (events: readonly TrainerEvent[]): string[] =>
  events
    .filter((event) => event.type !== 'step')
    .map((event) => {
      if (event.type === 'epoch') return `epoch ${event.metrics.epoch}`;
      if (event.type === 'measures') return `measures ${event.measures.snapshot}`;
      return 'id' in event ? `${event.type} ${event.id}` : event.type;
    });

const losses = (events: readonly TrainerEvent[]): (number | null)[] =>
  only(events, 'epoch').flatMap(({ metrics }) => [metrics.trainLoss, metrics.testLoss]);

test('a run is recorded before its first step, after every epoch and after the merge', () => {
  const epochs = [0, 1, 2, 3, 4].flatMap((e) => [
    `snapshot ${e}`,
    `measures ${e}`,
    `epoch ${e}`,
    `checkpoint ${e}`,
  ]);
  const merge = ['merged', 'snapshot 4m', 'measures 4m', 'checkpoint 4m'];
  expect(story(whole)).toEqual(['ready', ...epochs, ...merge, 'end']);
  expect(whole.at(-1)).toEqual({ type: 'end', reason: 'finished' });
});

test('snapshots and checkpoints are kept as often as asked, the first, the last and the merge always', async () => {
  const recording = { every: 3, checkpointEvery: 3 };
  const training = {
    epochs: 5,
    mergeBeforeEnd: 1,
    lambda: { schedule: 'linear', share: 0.6, update: 'epoch' },
  } as const;
  const events = await collect(tinyRun(tinyConfig({ recording, training })));
  expect(only(events, 'snapshot').map((s) => s.id)).toEqual(['0', '3', '4', '4m', '5']);
  expect(only(events, 'checkpoint').map((c) => c.id)).toEqual(['0', '3', '4m', '5']);
  expect(only(events, 'epoch').map((e) => e.metrics.merged)).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
});

test('ready tells of data, probes and the number of parameters', async () => {
  const events = tinyRun(tinyConfig());
  const ready = (await events.next()).value as TrainerEvent;
  expect(ready).toMatchObject({
    type: 'ready',
    backend: 'cpu',
    engine: 'test',
    trainImages: 48,
    testImages: 14,
  });
  if (ready.type !== 'ready') return;
  expect(ready.probes.map((p) => p.className)).toEqual(ready.classes);
  expect(ready.probeImages.length).toBe(7 * 32 * 32 * 3);
  expect(ready.parameters).toBe(1037);
  await events.return(undefined);
});

test('every snapshot holds all taps of all probes, at its epoch and λ', () => {
  for (const { bytes, epoch, lambda, merged } of only(whole, 'snapshot')) {
    const frame = decodeFrame(bytes);
    expect(frame.taps.map((tap) => tap.id)).toEqual(
      describeTaps(tinyConfig().network, merged).map((t) => t.id),
    );
    expect(frame.probes).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(frame).toMatchObject({ epoch, lambda, merged, step: 3 * epoch });
    expect(frame.loss === null).toBe(epoch === 0);
  }
});

test('the last step of each epoch is told once, by itself or with the epoch, and its loss and accuracy are numbers', () => {
  const told = whole.flatMap((event) => {
    if (event.type === 'epoch') return event.step ?? [];
    return event.type === 'step' ? event.metrics : [];
  });
  const last = told.filter(({ step, stepsPerEpoch }) => step === stepsPerEpoch);
  expect(last.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
  for (const metrics of last) {
    expect(metrics.loss).toBeGreaterThan(0);
    expect(metrics.accuracy).toBeGreaterThanOrEqual(0);
    expect(metrics.imagesPerSecond).toBeGreaterThan(0);
    expect(metrics.secondsLeft).toBeGreaterThan(0);
  }
});

test('the same seed gives the same losses, another seed others', async () => {
  const first = losses(whole);
  expect(first.length).toBe(10);
  expect(losses(await collect(tinyRun(tinyConfig())))).toEqual(first);
  const other = losses(await collect(tinyRun(tinyConfig({ seed: 2 }))));
  other.slice(2).forEach((loss, i) => expect(loss).not.toBe(first[i + 2]));
});

test('the number of tensors is the same after every epoch, and none is left at the end', () => {
  const [first, ...others] = tensors.at.slice(0, 5);
  expect(others).toEqual([first, first, first, first]);
  expect(first).toBeGreaterThan(tensors.before);
  expect(tensors.after).toBe(tensors.before);
});

test('an iteration that is given up disposes everything', async () => {
  const before = tf.memory().numTensors;
  const events = tinyRun(tinyConfig());
  for (let i = 0; i < 4; i++) await events.next();
  expect(tf.memory().numTensors).toBeGreaterThan(before);
  await events.return(undefined);
  expect(tf.memory().numTensors).toBe(before);
});

test('λ is 1 before the first step, falls by the epoch, and is exactly 0 when the pairs are merged', () => {
  expect(only(whole, 'epoch').map((e) => e.metrics.lambda)).toEqual([1, 1, 0.5, 0, 0]);
  expect(only(whole, 'snapshot').map((s) => s.lambda)).toEqual([1, 1, 0.5, 0, 0, 0]);
});

test('λ updated by the step falls within each epoch', async () => {
  const lambda = { schedule: 'linear', share: 0.5, update: 'step' } as const;
  const events = await collect(tinyRun(tinyConfig({ training: { lambda } })));
  const reported = only(events, 'epoch').map((e) => e.metrics.lambda);
  [1, 1 - 2 / 6, 1 - 5 / 6, 0, 0].forEach((value, i) => expect(reported[i]).toBeCloseTo(value, 12));
});

test('a plan that merges while λ > 0 is refused before anything is trained', async () => {
  const lambda = { schedule: 'cosine', share: 1, update: 'epoch' } as const;
  const events = await collect(tinyRun(tinyConfig({ training: { lambda } })));
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    type: 'failure',
    code: 'INVALID_CONFIG',
    field: 'training.lambda.share',
  });
});

test('a learning rate that makes the loss infinite fails with where and what to do, and the past is kept', async () => {
  const optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 0 } as const;
  const before = tf.memory().numTensors;
  const training = {
    learningRate: 100,
    epochs: 60,
    warmupEpochs: 0,
    optimizer,
    labelSmoothing: 0,
    mergeBeforeEnd: 55,
  };
  const lambda = { schedule: 'linear', share: 0.05, update: 'epoch' } as const;
  const recording = { checkpointEvery: 1000, every: 1000 };
  const events = await collect(tinyRun(tinyConfig({ training: { ...training, lambda }, recording })));
  const failure = events.at(-1)!;
  expect(failure).toMatchObject({ type: 'failure', code: 'NON_FINITE', field: 'training.learningRate' });
  if (failure.type === 'failure') {
    expect(failure.message).toMatch(/in epoch \d+, step \d+: the training has diverged/);
    expect(failure.message).toContain('(20 instead of 100)');
  }
  const trained = only(events, 'epoch').at(-1)!.metrics.epoch;
  expect(Number.parseInt(only(events, 'checkpoint').at(-1)!.id)).toBe(trained);
  expect(tf.memory().numTensors).toBe(before);
});
