import type { AddressInfo } from 'node:net';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SnapshotMeasures, type RunDetail } from '../../../shared/protocol.ts';
import { decodeSafetensors } from '../../../shared/safetensors.ts';
import { WORKER } from '../../../server/runs/process.ts';
import { isFinal } from '../../../server/runs/record.ts';
import { until } from '../runs/helper.ts';
import { createHouse, type House } from './helper.ts';

/** Four epochs of real training on wasm; the pairs are merged at the end. */
const REQUEST = {
  name: 'measured',
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
const BLOCKS = ['stem', 'stages.0', 'stages.1'];
const IDS = ['0', '1', '2', '3', '4', '4m'];

let house: House;
let id: string;
/** What a follower was told while the run was under way. */
const heard: SnapshotMeasures[] = [];

beforeAll(async () => {
  house = await createHouse({
    supervisor: { worker: WORKER, chosen: () => Promise.resolve('wasm') },
    realShapes: true,
  });
  await house.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = house.app.server.address() as AddressInfo;
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] });
  const reply = await house.ask('POST', '/api/runs', REQUEST);
  id = (reply.body as RunDetail).id;
  socket.on('measures', (run: string, measures: SnapshotMeasures) => {
    if (run === id) heard.push(measures);
  });
  await socket.emitWithAck('follow', id);
  await until(() => isFinal(house.supervisor.detail(id).state), 100_000);
  await socket.emitWithAck('follow', null); // what was sent before has come once this is answered
  socket.close();
});
afterAll(() => house.close());

const read = async (path: string): Promise<{ status: number; body: unknown }> =>
  house.ask('GET', `/api/runs/${id}/${path}`);

async function similarity(path: string): Promise<{ names: string[]; cka: number[]; etag: string }> {
  const response = await house.app.inject({ url: `/api/runs/${id}/${path}` });
  expect(response.statusCode).toBe(200);
  const { tensors, metadata } = decodeSafetensors(response.rawPayload);
  const { shape, data } = tensors.get('cka')!;
  const names = (metadata.snapshots ?? metadata.blocks)!.split(',');
  expect(shape).toEqual([names.length, names.length]);
  return { names, cka: Array.from(data, Number), etag: String(response.headers.etag) };
}

test('every snapshot is measured, the merged one too, and a follower hears of each', async () => {
  const all = (await read('measures')).body as SnapshotMeasures[];
  expect(all.map((m) => m.snapshot)).toEqual(IDS);
  expect(all.map((m) => m.lambda)).toEqual([1, 1, 0.5, 0, 0, 0]);
  for (const measures of all) {
    expect(Value.Check(SnapshotMeasures, measures)).toBe(true);
    expect(measures.images).toBe(14);
    expect(measures.blocks.map((b) => b.block)).toEqual(BLOCKS);
    for (const block of measures.blocks) {
      expect(block.contrast).toBeGreaterThan(0);
      expect(block.effectiveRank).toBeGreaterThan(1);
      expect(block.effectiveRank).toBeLessThanOrEqual(13);
      expect(block.highFrequencyShare).toBeLessThanOrEqual(1);
    }
  }
  expect(heard).toEqual(all);
});

test('a block is as similar to itself as can be, and the merge changes nothing', async () => {
  for (const block of BLOCKS) {
    const { names, cka } = await similarity(`similarity?block=${block}`);
    expect(names).toEqual(IDS);
    for (let i = 0; i < IDS.length; i++) expect(cka[i * IDS.length + i]).toBeCloseTo(1, 5);
    expect(cka[4 * IDS.length + 5]).toBeCloseTo(1, 3);
    expect(cka[1]).toBe(cka[IDS.length]);
    expect(cka[4]).toBeLessThan(0.99999);
  }
});

test('the blocks of a snapshot are compared with one another', async () => {
  const { names, cka } = await similarity('similarity/4m');
  expect(names).toEqual(BLOCKS);
  expect(cka[0]).toBeCloseTo(1, 5);
  expect(cka[1]).toBe(cka[3]);
  expect(cka[1]).toBeLessThan(0.99999);
});

test('what has been read need not be sent again', async () => {
  const path = 'similarity?block=stem';
  const { etag } = await similarity(path);
  const response = await house.app.inject({
    url: `/api/runs/${id}/${path}`,
    headers: { 'if-none-match': etag },
  });
  expect(response.statusCode).toBe(304);
});

test('unknown blocks and snapshots are answered with the valid ones, and a missing block is a bad request', async () => {
  expect(await read('similarity?block=head')).toMatchObject({
    status: 404,
    body: { code: 'NOT_FOUND', field: 'block', message: expect.stringContaining(BLOCKS.join(', ')) },
  });
  expect(await read('similarity/7')).toMatchObject({
    status: 404,
    body: { field: 'snapshot', message: expect.stringContaining(IDS.join(', ')) },
  });
  expect((await read('similarity')).status).toBe(400);
  expect((await read('similarity?block=stem&other=1')).status).toBe(400);
  expect((await house.ask('GET', '/api/runs/none/measures')).status).toBe(404);
});

test('a run of an earlier version, which kept no measures, has none', async () => {
  await rm(join(house.path, id, 'measures'), { recursive: true });
  const other = await createHouse({ supervisor: { worker: WORKER } });
  const plain = await other.store.create(house.store.get(id).record.config);
  const ask = (path: string): ReturnType<House['ask']> => other.ask('GET', `/api/runs/${plain.id}/${path}`);
  expect(await ask('measures')).toEqual({ status: 200, body: [] });
  for (const path of ['similarity?block=stem', 'similarity/0'])
    expect(await ask(path)).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND', message: expect.stringContaining('nothing has been measured of this run') },
    });
  await other.close();
});
