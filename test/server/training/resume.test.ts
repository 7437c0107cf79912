import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunConfig } from '../../../shared/config.ts';
import { decodeSafetensors } from '../../../shared/safetensors.ts';
import { decodeCheckpoint } from '../../../server/training/checkpoint.ts';
import type { TrainerEvent } from '../../../server/training/messages.ts';
import { useWasm } from './backend.ts';
import { collect, only, tinyConfig, tinyRun, type Changes } from './tiny.ts';

beforeAll(useWasm);

/** Merged one epoch before the end, λ by the step, a last batch of another size: everything that has a state. */
const ADAMW: Changes = {
  training: {
    batchSize: 20,
    lambda: { schedule: 'cosine', share: 0.5, update: 'step' },
    mergeBeforeEnd: 1,
  },
};
const SGD: Changes = {
  training: {
    ...ADAMW.training,
    optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.01 },
    learningRate: 0.1,
  },
};

const losses = (events: readonly TrainerEvent[], from: number): number[] =>
  only(events, 'epoch')
    .filter(({ metrics }) => metrics.epoch > from)
    .flatMap(({ metrics }) => [metrics.trainLoss!, metrics.testLoss, metrics.lambda, metrics.learningRate]);

describe.each([
  ['AdamW', tinyConfig(ADAMW)],
  ['SGD', tinyConfig(SGD)],
])('a run with %s', (_, config: RunConfig) => {
  let whole: TrainerEvent[];
  beforeAll(async () => {
    whole = await collect(tinyRun(config));
  });

  test.each(['0', '1', '2', '3', '3m', '4'])(
    'resumed from checkpoint %s goes on as if never stopped',
    async (id) => {
      const checkpoint = only(whole, 'checkpoint').find((c) => c.id === id)!;
      const before = tf.memory().numTensors;
      const rest = await collect(tinyRun(config, { resume: checkpoint.bytes }));
      expect(tf.memory().numTensors).toBe(before);
      expect(rest.at(-1)).toEqual({ type: 'end', reason: 'finished' });
      const expected = losses(whole, checkpoint.epoch);
      const actual = losses(rest, checkpoint.epoch);
      expect(actual.length).toBe(4 * (4 - checkpoint.epoch));
      actual.forEach((v, i) => expect(Math.abs(v - expected[i]!)).toBeLessThanOrEqual(1e-5));
      const ids = only(whole, 'snapshot').map((s) => s.id);
      expect(only(rest, 'snapshot').map((s) => s.id)).toEqual(ids.slice(ids.indexOf(id) + 1));
      expect(only(rest, 'merged').length).toBe(id.endsWith('m') || id === '4' ? 0 : 1);
    },
  );
});

test('a resumed run says nothing again of what was said before', async () => {
  const config = tinyConfig();
  const checkpoint = only(await collect(tinyRun(config)), 'checkpoint').find((c) => c.id === '2')!;
  const rest = await collect(tinyRun(config, { resume: checkpoint.bytes }));
  expect(rest.map((e) => e.type).slice(0, 2)).toEqual(['ready', 'step']);
  expect(only(rest, 'epoch').map((e) => e.metrics.epoch)).toEqual([3, 4]);
});

test('a checkpoint is a weights file under plain names, with the slots by name beside them', async () => {
  const events = await collect(tinyRun(tinyConfig({ training: { epochs: 2, mergeBeforeEnd: null } })));
  const { bytes } = only(events, 'checkpoint').at(-1)!;
  const { tensors, metadata } = decodeSafetensors(bytes);
  expect(metadata).toMatchObject({ dims: '[6,8,8]', strides: '[2,1]', act_num: '1', stem_stride: '4' });
  expect(tensors.get('stem1.0.weight')!.shape).toEqual([6, 3, 4, 4]);
  expect(tensors.has('stages.0.conv1.1.running_var')).toBe(true);
  expect(tensors.has('optimizer.exp_avg.stem1.0.weight')).toBe(true);
  const { progress, optimizer } = decodeCheckpoint(bytes);
  expect(progress).toMatchObject({ epoch: 2, lambda: 0, merged: false, batches: { position: 48 } });
  expect(optimizer.steps).toBe(6);
});

test('a checkpoint of another run is refused, naming what differs', async () => {
  const first = only(await collect(tinyRun(tinyConfig({ training: { epochs: 3 } }))), 'checkpoint')[0]!;
  const seed = await collect(
    tinyRun(tinyConfig({ seed: 9, training: { epochs: 3 } }), { resume: first.bytes }),
  );
  expect(seed).toEqual([expect.objectContaining({ type: 'failure', code: 'CONFLICT', field: 'seed' })]);
  const longer = await collect(tinyRun(tinyConfig(), { resume: first.bytes }));
  expect(longer).toEqual([expect.objectContaining({ type: 'failure', code: 'CONFLICT', field: 'training' })]);
});

test('bytes that are no checkpoint are refused', async () => {
  const { bytes } = only(await collect(tinyRun(tinyConfig({ training: { epochs: 3 } }))), 'checkpoint')[0]!;
  for (const broken of [new Uint8Array(3), bytes.subarray(0, 500), bytes.subarray(0, bytes.length - 4)]) {
    const events = await collect(tinyRun(tinyConfig(), { resume: broken }));
    expect(events).toEqual([expect.objectContaining({ type: 'failure', code: 'INVALID_WEIGHTS' })]);
  }
});
