import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../../shared/safetensors.ts';
import { mergeWeights, reportMerge } from '../../../server/training/analysis.ts';
import type { TrainerEvent } from '../../../server/training/messages.ts';
import { useWasm } from './backend.ts';
import { collect, only, tinyConfig, tinyRun } from './tiny.ts';

let whole: TrainerEvent[];
beforeAll(async () => {
  await useWasm();
  whole = await collect(tinyRun(tinyConfig()));
});

const weightsOf = (events: readonly TrainerEvent[], id: string): Uint8Array =>
  only(events, 'snapshot').find((s) => s.id === id)!.weights!;
const probesOf = (events: readonly TrainerEvent[]): Uint8Array => only(events, 'ready')[0]!.probeImages;

/** The file with its tensors changed. */
function changed(bytes: Uint8Array, change: (tensors: Map<string, Tensor>) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes);
  change(tensors);
  return encodeSafetensors(tensors, metadata);
}
type Tensor = ReturnType<typeof decodeSafetensors>['tensors'] extends Map<string, infer T> ? T : never;

test('a run that starts from weights has them before its first step, at λ = 1, and trains on', async () => {
  const weights = weightsOf(whole, '4');
  const events = await collect(tinyRun(tinyConfig({ seed: 8 }), { weights }));
  expect(decodeSafetensors(weightsOf(events, '0')).tensors).toEqual(decodeSafetensors(weights).tensors);
  expect(only(events, 'snapshot')[0]!.lambda).toBe(1);
  expect(decodeSafetensors(weightsOf(events, '1')).tensors).not.toEqual(decodeSafetensors(weights).tensors);
  expect(events.at(-1)).toEqual({ type: 'end', reason: 'finished' });
});

test('unknown, missing and misshapen tensors are named at once, and nothing is left behind', async () => {
  const before = tf.memory().numTensors;
  const weights = changed(weightsOf(whole, '1'), (tensors) => {
    tensors.set('optimizer.step', { dtype: 'F32', shape: [1], data: Float32Array.of(1) });
    tensors.delete('cls2.0.bias');
    tensors.set('stem1.0.weight', { dtype: 'F32', shape: [3], data: new Float32Array(3) });
  });
  const [event, ...rest] = await collect(tinyRun(tinyConfig(), { weights }));
  expect(rest).toEqual([]);
  expect(event).toMatchObject({ type: 'failure', code: 'INVALID_WEIGHTS' });
  const { message } = event as TrainerEvent & { type: 'failure' };
  expect(message).toContain('unknown: optimizer.step');
  expect(message).toContain('missing: cls2.0.bias');
  expect(message).toContain('misshapen: stem1.0.weight is [3], [6, 3, 4, 4] is valid');
  expect(tf.memory().numTensors).toBe(before);
});

test('a tensor of whole numbers is named, but the count of batches that PyTorch adds is passed over', async () => {
  const counted = changed(weightsOf(whole, '1'), (tensors) =>
    tensors.set('stem1.1.num_batches_tracked', { dtype: 'I64', shape: [], data: BigInt64Array.of(7n) }),
  );
  const events = await collect(tinyRun(tinyConfig(), { weights: counted }));
  expect(events.at(-1)).toEqual({ type: 'end', reason: 'finished' });
  const whole64 = changed(counted, (tensors) =>
    tensors.set('cls2.0.bias', { dtype: 'I64', shape: [7], data: new BigInt64Array(7) }),
  );
  expect(await collect(tinyRun(tinyConfig(), { weights: whole64 }))).toEqual([
    expect.objectContaining({ code: 'INVALID_WEIGHTS', field: 'cls2.0.bias' }),
  ]);
});

test('the report of a file is that of the training, and leaves no tensor', async () => {
  const before = tf.memory().numTensors;
  const report = await reportMerge(weightsOf(whole, '4'), probesOf(whole));
  const { report: trained } = only(whole, 'merged')[0]!;
  expect(report).toMatchObject({ lambda: 0, forecast: false, agreement: 1 });
  expect(report.taps.map((t) => t.tap)).toEqual(trained!.taps.map((t) => t.tap));
  report.taps.forEach((t, i) => expect(t.maxAbsolute).toBeCloseTo(trained!.taps[i]!.maxAbsolute, 6));
  expect(await reportMerge(weightsOf(whole, '2'), probesOf(whole))).toMatchObject({
    lambda: 0.5,
    forecast: true,
  });
  expect(tf.memory().numTensors).toBe(before);
});

test('merging a file gives the weights that the training merged, and is refused at λ > 0', async () => {
  const before = tf.memory().numTensors;
  const merged = decodeSafetensors(await mergeWeights(weightsOf(whole, '4')));
  const trained = decodeSafetensors(weightsOf(whole, '4m'));
  expect(merged.metadata).toEqual(trained.metadata);
  expect(merged.tensors).toEqual(trained.tensors);
  await expect(mergeWeights(weightsOf(whole, '2'))).rejects.toMatchObject({ code: 'LAMBDA_NOT_ZERO' });
  await expect(reportMerge(weightsOf(whole, '4m'), probesOf(whole))).rejects.toMatchObject({
    code: 'CONFLICT',
  });
  await expect(reportMerge(weightsOf(whole, '4'), new Uint8Array(5))).rejects.toThrow(/5 bytes/);
  expect(tf.memory().numTensors).toBe(before);
});
