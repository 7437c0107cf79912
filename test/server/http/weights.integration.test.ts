import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunConfig } from '../../../shared/config.ts';
import {
  MergeReport,
  type EpochMetrics,
  type RunDetail,
  type SnapshotInfo,
  type WeightsInfo,
} from '../../../shared/protocol.ts';
import { decodeSafetensors } from '../../../shared/safetensors.ts';
import { Analyst } from '../../../server/runs/analyst.ts';
import { WORKER } from '../../../server/runs/process.ts';
import { until } from '../runs/helper.ts';
import { createHouse, type House } from './helper.ts';

/** Four epochs of real training on wasm: λ is 1, 1/2, 0, 0, and the pairs are merged at the end. */
const REQUEST = {
  name: 'tiny',
  seed: 3,
  backend: 'wasm',
  data: { dataset: 'shapes', trainLimit: 70, testLimit: 14 },
  network: { dims: [6, 8, 8], strides: [2, 1], stemStride: 4, activation: { kind: 'series', n: 1 } },
  training: {
    epochs: 4,
    batchSize: 16,
    mergeBeforeEnd: 0,
    lambda: { schedule: 'linear', share: 0.5, update: 'epoch' },
  },
};
const TASK_COUNTER = `
  import { appendFileSync } from 'node:fs';
  appendFileSync(process.env.VANILLASCOPE_TEST_TASKS, 'task ');
`;

let house: House;
let id: string;
let folder: string;
/** Analysis processes started so far. */
const tasks = (): number => readFileSync(join(folder, 'tasks'), 'utf8').split(' ').length - 1;

async function begin(target: House, request: object = REQUEST): Promise<string> {
  const reply = await target.ask('POST', '/api/runs', request);
  expect(reply).toMatchObject({ status: 201 });
  return (reply.body as RunDetail).id;
}
const read = async <T>(path: string, run = id): Promise<T> =>
  (await house.ask('GET', `/api/runs/${run}/${path}`)).body as T;
const exported = async (query = ''): Promise<ReturnType<typeof decodeSafetensors>> => {
  const response = await house.app.inject({ url: `/api/runs/${id}/export${query}` });
  expect(response.statusCode).toBe(200);
  return decodeSafetensors(response.rawPayload);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vanillascope-weights-'));
  writeFileSync(join(folder, 'tasks'), '');
  const real = new URL('../../../server/analysis.ts', import.meta.url).href;
  const entry = join(folder, 'counted.mjs');
  writeFileSync(entry, `${TASK_COUNTER} await import(${JSON.stringify(real)});`);
  process.env.VANILLASCOPE_TEST_TASKS = join(folder, 'tasks');
  house = await createHouse({
    supervisor: { worker: WORKER, chosen: () => Promise.resolve('wasm') },
    analyst: new Analyst({ entry }),
    realShapes: true,
  });
  id = await begin(house);
  await house.reach(id, 'finished', 'failed');
});
afterAll(async () => {
  await house.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the weights of every snapshot are kept, though only the last checkpoints are', async () => {
  const snapshots = await read<SnapshotInfo[]>('snapshots');
  expect(snapshots.map((s) => s.id)).toEqual(['0', '1', '2', '3', '4', '4m']);
  for (const snapshot of snapshots) {
    const { tensors, metadata } = await exported(`?snapshot=${snapshot.id}`);
    expect([...tensors.keys()].filter((name) => name.startsWith('optimizer'))).toEqual([]);
    expect(tensors.has(snapshot.merged ? 'stem.0.weight' : 'stem1.0.weight')).toBe(true);
    expect(Number(metadata.lambda)).toBe(snapshot.lambda);
    expect(Number(metadata.act_learn)).toBe(1 - snapshot.lambda);
    expect(Number(metadata.epoch)).toBe(snapshot.epoch);
    expect((JSON.parse(metadata.config!) as RunConfig).seed).toBe(3);
  }
  expect(readdirSync(join(house.path, id, 'checkpoints')).sort()).toEqual([
    '3.safetensors',
    '4.safetensors',
    '4m.safetensors',
  ]);
});

describe('the export', () => {
  test('gives the latest snapshot as it is, and convolutions as output, input, height, width', async () => {
    const { tensors, metadata } = await exported();
    expect(metadata.merged).toBe('true');
    expect(tensors.get('stem.0.weight')!.shape).toEqual([6, 3, 4, 4]);
    expect((await exported('?snapshot=4')).tensors.get('stages.0.conv2.0.weight')!.shape).toEqual([
      8, 6, 1, 1,
    ]);
  });

  test('merges a snapshot at λ = 0 into what the training merged itself, and only once', async () => {
    const before = tasks();
    const [made, again, trained] = await Promise.all([
      exported('?snapshot=4&form=merged'),
      exported('?snapshot=4&form=merged'),
      exported('?snapshot=4m'),
    ]);
    expect([...made.tensors.keys()]).toEqual([...trained.tensors.keys()]);
    expect(again.tensors).toEqual(made.tensors);
    for (const [name, { data }] of made.tensors)
      data.forEach((v, i) => expect(Number(v)).toBeCloseTo(Number(trained.tensors.get(name)!.data[i]), 5));
    await exported('?snapshot=4&form=merged');
    expect(tasks()).toBe(before + 1);
  });

  test.each([
    ['?snapshot=1&form=merged', 'LAMBDA_NOT_ZERO', "λ is 1 in snapshot '1'"],
    ['?form=deep', 'CONFLICT', "snapshot '4m' is merged"],
  ])('refuses %s with %s', async (query, code, message) => {
    const { status, body } = await house.ask('GET', `/api/runs/${id}/export${query}`);
    expect({ status, body }).toMatchObject({ status: 409, body: { code, field: 'form' } });
    expect((body as { message: string }).message).toContain(message);
  });
});

describe('the merge report', () => {
  test('of the merge is kept with the run, and proves it', async () => {
    const { merge } = (await house.ask('GET', `/api/runs/${id}`)).body as RunDetail;
    expect([...Value.Errors(MergeReport, merge!.report)]).toEqual([]);
    expect(merge!.report).toMatchObject({ lambda: 0, forecast: false, probes: 7, agreement: 1 });
    expect(merge!.report!.logits.maxAbsolute).toBeLessThan(1e-4);
  });

  test('of any snapshot is a forecast at λ > 0 and the proof at λ = 0', async () => {
    const forecast = await read<MergeReport>('merge/1');
    expect([...Value.Errors(MergeReport, forecast)]).toEqual([]);
    expect(forecast).toMatchObject({ lambda: 1, forecast: true, probes: 7 });
    const proof = await read<MergeReport>('merge/4');
    expect(proof).toMatchObject({ lambda: 0, forecast: false, agreement: 1 });
    expect(proof.logits.maxRelative).toBeLessThan(1e-4);
    expect(forecast.logits.maxRelative).toBeGreaterThan(10 * proof.logits.maxRelative);
    // The same network on the same images as in the training process.
    const { merge } = (await house.ask('GET', `/api/runs/${id}`)).body as RunDetail;
    const differences = ({ taps }: MergeReport): number[] => taps.map((t) => t.maxAbsolute);
    differences(merge!.report!).forEach((v, i) => expect(differences(proof)[i]).toBeCloseTo(v, 6));
  });

  test('is computed once for all who ask, and read from the disk afterwards', async () => {
    const before = tasks();
    const [first, second] = await Promise.all([read<MergeReport>('merge/2'), read<MergeReport>('merge/2')]);
    expect(second).toEqual(first);
    expect(await read<MergeReport>('merge/2')).toEqual(first);
    expect(tasks()).toBe(before + 1);
    const file = join(house.path, id, 'reports', '2.merge.json');
    writeFileSync(file, '{"lambda":');
    expect(await read<MergeReport>('merge/2')).toMatchObject({ lambda: 0.5, forecast: true });
    expect(tasks()).toBe(before + 2);
  });

  test('of a merged or damaged snapshot is refused by name', async () => {
    const merged = await house.ask('GET', `/api/runs/${id}/merge/4m`);
    expect(merged).toMatchObject({ status: 409, body: { code: 'CONFLICT', field: 'snapshot' } });
    const file = join(house.path, id, 'weights', '0.safetensors');
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 4));
    const damaged = await house.ask('GET', `/api/runs/${id}/merge/0`);
    expect(damaged).toMatchObject({ status: 409, body: { code: 'INVALID_WEIGHTS' } });
    rmSync(file);
    expect(await house.ask('GET', `/api/runs/${id}/merge/0`)).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND' },
    });
    writeFileSync(file, whole);
    expect(existsSync(join(house.path, id, 'reports', '0.merge.json'))).toBe(false);
  });
});

/** Stops a run in an epoch, once it has reported the one before. */
async function stopIn(epoch: number, run: string): Promise<void> {
  const end = house.supervisor.subscribe((event) => {
    if (event.type !== 'epoch' || event.id !== run || event.metrics.epoch !== epoch - 1) return;
    end();
    house.supervisor.stop(run);
  });
  await house.reach(run, 'stopped', 'failed');
  expect(house.supervisor.detail(run).state).toBe('stopped');
}

test('a run resumed after its merge is still merged, with the report, and its snapshots answer meanwhile', async () => {
  const training = { ...REQUEST.training, mergeBeforeEnd: 1 };
  const run = await begin(house, { ...REQUEST, name: 'merged early', training });
  await stopIn(4, run);
  const { merge } = house.supervisor.detail(run);
  expect(merge!.report!.lambda).toBe(0);
  expect((await house.ask('POST', `/api/runs/${run}/resume`)).body).toMatchObject({ merged: true });
  expect(house.supervisor.detail(run).merge).toEqual(merge);
  expect(await read<MergeReport>('merge/3', run)).toMatchObject({ forecast: false, agreement: 1 });
  await house.reach(run, 'finished', 'failed');
  expect(house.supervisor.detail(run)).toMatchObject({ state: 'finished', merged: true, merge });
});

test('a run stopped within an epoch and resumed over REST gives the losses of one that never stopped', async () => {
  const run = await begin(house, { ...REQUEST, name: 'interrupted' });
  // Whoever reads of a probe can read its image.
  await until(() => house.supervisor.detail(run).probes.length > 0);
  expect((await house.app.inject({ url: `/api/runs/${run}/probes/0.png` })).statusCode).toBe(200);
  await stopIn(3, run);
  expect((await house.ask('POST', `/api/runs/${run}/resume`)).status).toBe(200);
  await house.reach(run, 'finished', 'failed');
  const [whole, resumed] = await Promise.all([
    read<EpochMetrics[]>('metrics'),
    read<EpochMetrics[]>('metrics', run),
  ]);
  expect(resumed.map((m) => [m.epoch, m.lambda])).toEqual(whole.map((m) => [m.epoch, m.lambda]));
  whole.forEach((m, i) => {
    expect(Math.abs((resumed[i]!.trainLoss ?? 0) - (m.trainLoss ?? 0))).toBeLessThanOrEqual(1e-5);
    expect(Math.abs(resumed[i]!.testLoss - m.testLoss)).toBeLessThanOrEqual(1e-5);
  });
  const ids = (await read<SnapshotInfo[]>('snapshots', run)).map((s) => s.id);
  expect(ids).toEqual(['0', '1', '2', '3', '4', '4m']);
  expect(house.supervisor.detail(run).merge!.report!.agreement).toBe(1);
});

test('a run starts from the weights of a file that was sent, with its network', async () => {
  const { rawPayload } = await house.app.inject({ url: `/api/runs/${id}/export?snapshot=4` });
  const headers = { 'content-type': 'application/octet-stream' };
  const sent = await house.app.inject({ method: 'PUT', url: '/api/weights', headers, payload: rawPayload });
  expect(sent.statusCode).toBe(200);
  const { id: weights } = sent.json<WeightsInfo>();
  const { network: _, ...request } = REQUEST;
  const run = await begin(house, { ...request, name: 'from a file', weights });
  expect(house.supervisor.detail(run).config.network).toMatchObject(REQUEST.network);
  await house.reach(run, 'finished', 'failed');
  const first = await house.app.inject({ url: `/api/runs/${run}/export?snapshot=0` });
  expect(decodeSafetensors(first.rawPayload).tensors).toEqual(decodeSafetensors(rawPayload).tensors);

  const other = await begin(house, { ...REQUEST, name: 'no fit', preset: 'small', network: {}, weights });
  await house.reach(other, 'finished', 'failed');
  expect(house.supervisor.detail(other)).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('misshapen: stem1.0.weight is [6, 3, 4, 4]'),
  });
});

test.each<[string, number, string, string]>([
  ['crashes', 60, 'console.error("Error: boom"); process.exit(3);', 'ended with code 3: Error: boom'],
  ['hangs', 1, 'setInterval(() => undefined, 1000);', 'gave no answer within 1 s'],
])(
  'an analysis that %s is an error with its reason, and the server goes on',
  async (name, timeoutSeconds, script, reason) => {
    const entry = join(folder, `${name}.mjs`);
    writeFileSync(entry, script);
    const analyst = new Analyst({ entry, timeoutSeconds });
    await expect(analyst.mergeReport(house.store.get(id), '3')).rejects.toThrow(reason);
    expect((await house.ask('GET', '/api/runs')).status).toBe(200);
  },
);
