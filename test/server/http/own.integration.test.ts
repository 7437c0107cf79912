import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeFrame, readMap, type Frame } from '../../../shared/frame.ts';
import type {
  ClientToServer,
  ProbeInfo,
  RunDetail,
  ServerToClient,
  SnapshotInfo,
} from '../../../shared/protocol.ts';
import { Analyst } from '../../../server/runs/analyst.ts';
import { MOST_OWN } from '../../../server/runs/own.ts';
import { WORKER } from '../../../server/runs/process.ts';
import { until } from '../runs/helper.ts';
import { expectSame } from './frames.ts';
import { createHouse, type House } from './helper.ts';

/** A real run on wasm that goes on until it is stopped. */
const REQUEST = {
  name: 'tiny',
  seed: 3,
  backend: 'wasm',
  data: { dataset: 'shapes', trainLimit: 70, testLimit: 14 },
  network: { dims: [6, 8, 8], strides: [2, 1], stemStride: 4, activation: { kind: 'series', n: 1 } },
  training: { epochs: 500, batchSize: 16, mergeBeforeEnd: null },
};
const PROBES = 7;
const COUNTER = `
  import { appendFileSync } from 'node:fs';
  appendFileSync(process.env.VANILLASCOPE_TEST_OWN, 'process ');
`;

let house: House;
let client: Socket<ServerToClient, ClientToServer>;
let folder: string;
let url: string;
let id: string;
let own: ProbeInfo;
const heard: ProbeInfo[][] = [];
let frames: Frame[] = [];

const bytes = async (path: string): Promise<Buffer> => {
  const response = await house.app.inject({ url: `/api/runs/${id}/${path}` });
  expect({ path, status: response.statusCode, body: response.statusCode === 200 || response.body }).toEqual({
    path,
    status: 200,
    body: true,
  });
  return response.rawPayload;
};
const frameAt = async (snapshot: string, probes: string, taps = ''): Promise<Frame> =>
  decodeFrame(await bytes(`snapshots/${snapshot}?probes=${probes}${taps && `&taps=${taps}`}`));
const upload = async (
  payload: Buffer,
  type = 'image/png',
  query = '',
): Promise<{ statusCode: number; json: <T = unknown>() => T }> =>
  house.app.inject({
    method: 'POST',
    url: `/api/runs/${id}/probes${query}`,
    headers: { 'content-type': type },
    payload,
  });
const snapshots = async (): Promise<string[]> =>
  ((await house.ask('GET', `/api/runs/${id}/snapshots`)).body as SnapshotInfo[]).map((s) => s.id);
const processes = (): number => readFileSync(join(folder, 'processes'), 'utf8').split(' ').length - 1;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vanillascope-own-'));
  writeFileSync(join(folder, 'processes'), '');
  process.env.VANILLASCOPE_TEST_OWN = join(folder, 'processes');
  const entry = join(folder, 'counted.mjs');
  const real = new URL('../../../server/analysis.ts', import.meta.url).href;
  writeFileSync(entry, `${COUNTER} await import(${JSON.stringify(real)});`);
  house = await createHouse({
    supervisor: { worker: WORKER, chosen: () => Promise.resolve('wasm') },
    analyst: new Analyst({ entry }),
    realShapes: true,
  });
  await house.app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(house.app.server.address() as AddressInfo).port}`;
  client = io(url, { transports: ['websocket'], reconnection: false });
  client.on('frame', (_, frame, _step, painted) => {
    frames.push(decodeFrame(new Uint8Array(frame)));
    painted?.();
  });
  client.on('probes', (_, probes) => heard.push(probes));
  id = ((await house.ask('POST', '/api/runs', REQUEST)).body as RunDetail).id;
  expect(await client.emitWithAck('follow', id)).toEqual({ ok: true });
  await house.reach(id, 'running', 'failed');
  expect(house.supervisor.detail(id)).toMatchObject({ state: 'running', reason: '' });
  await until(async () => (await snapshots()).length > 3);
  house.supervisor.pause(id);
  await house.reach(id, 'paused');
});
afterAll(async () => {
  client.close();
  await house.close();
  rmSync(folder, { recursive: true, force: true });
});

test('an image becomes one more probe of the run, and its followers hear of it', async () => {
  const reply = await upload(await bytes('probes/2.png'), 'image/png', '?name=two.png');
  expect(reply.statusCode).toBe(201);
  own = reply.json<ProbeInfo>();
  expect(own).toEqual({ index: PROBES, label: -1, className: '', own: 'two.png' });
  const { body } = await house.ask('GET', `/api/runs/${id}/probes`);
  expect((body as ProbeInfo[]).map((probe) => probe.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(house.supervisor.detail(id).probes.at(-1)).toEqual(own);
  await until(() => heard.length === 1);
  expect(heard[0]!.at(-1)).toEqual(own);
  const raw = (index: number): Promise<Buffer> =>
    bytes(`probes/${index}.png`).then((png) => sharp(png).raw().toBuffer());
  expect(await raw(PROBES)).toEqual(await raw(2));
});

describe('at a snapshot', () => {
  test('its maps are those of the recorded probe of the same pixels, and the moment is the same', async () => {
    const [, , third] = await snapshots();
    for (const snapshot of ['0', third!]) {
      const recorded = await frameAt(snapshot, '2');
      const brought = await frameAt(snapshot, String(PROBES));
      expect(brought.probes).toEqual([PROBES]);
      expectSame(brought, 0, recorded, 0);
      const { taps: _, probes: __, ...moment } = recorded;
      expect(brought).toMatchObject(moment);
    }
    const [one, other] = [await frameAt('0', `${PROBES}`, 'stem.out'), await frameAt(third!, `${PROBES}`)];
    expect(one.taps.map((tap) => tap.id)).toEqual(['stem.out']);
    const change = readMap(one.taps[0]!, 0, 0).map(
      (v, i) =>
        v -
        readMap(
          other.taps.find((tap) => tap.id === 'stem.out')!,
          0,
          0,
        )[i]!,
    );
    expect(Math.max(...change.map(Math.abs))).toBeGreaterThan(1e-3);
  });

  test('one process records it through all snapshots, so that each is there when it is asked for', async () => {
    const ids = await snapshots();
    const kept = (): string[] => readdirSync(join(house.path, id, 'own', String(PROBES)));
    await until(() => ids.every((snapshot) => kept().includes(`${snapshot}.vsf.gz`)));
    const all = await Promise.all([...ids, ...ids].map((snapshot) => frameAt(snapshot, String(PROBES))));
    expect(all.map((frame) => frame.epoch)).toEqual([...ids, ...ids].map(Number));
    expect(processes()).toBe(1);
  });

  test('it is not sent again to a client that has it', async () => {
    const url = `/api/runs/${id}/snapshots/0?probes=${PROBES}`;
    const { etag } = (await house.app.inject({ url })).headers;
    const again = await house.app.inject({ url, headers: { 'if-none-match': String(etag) } });
    expect(again.statusCode).toBe(304);
  });

  test.each([
    [`probes=2,${PROBES}`, 400, 'only alone'],
    [`probes=${PROBES + 1}`, 400, `no probe ${PROBES + 1}`],
    [`probes=${PROBES}&taps=nowhere`, 400, "no tap 'nowhere'"],
  ])('?%s is refused with %i', async (query, status, words) => {
    const reply = await house.ask('GET', `/api/runs/${id}/snapshots/0?${query}`);
    expect(reply.status).toBe(status);
    expect((reply.body as { message: string }).message).toContain(words);
  });

  test('whose weights were not kept it has no maps, and the message says so', async () => {
    const [, second] = await snapshots();
    const file = join(house.path, id, 'weights', `${second}.safetensors`);
    const weights = readFileSync(file);
    rmSync(file);
    const reply = await house.ask('GET', `/api/runs/${id}/snapshots/${second}?probes=${PROBES}`);
    expect(reply).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect((reply.body as { message: string }).message).toContain('weights');
    writeFileSync(file, weights);
    // Later than the maps that are kept: they are computed anew.
    await frameAt(second!, String(PROBES));
  });
});

test('live frames hold it beside recorded ones where it is watched, also after the run has been resumed', async () => {
  const watch = async (probes: number[] | null): Promise<Frame> => {
    frames = [];
    expect(await client.emitWithAck('watch', { runId: id, taps: null, probes, rate: 30 })).toEqual({
      ok: true,
    });
    await until(() => frames.length > 0);
    return frames.at(-1)!;
  };
  const both = await watch([2, PROBES]);
  expect(both.probes).toEqual([2, PROBES]);
  expectSame(both, 1, both, 0);
  expect((await watch(null)).probes).toEqual([0, 1, 2, 3, 4, 5, 6]);

  // Someone who watches all recorded probes and someone who watches the image: each gets what is theirs.
  const other: typeof client = io(url, { transports: ['websocket'], reconnection: false });
  const theirs: Frame[] = [];
  other.on('frame', (_, frame) => theirs.push(decodeFrame(new Uint8Array(frame))));
  await other.emitWithAck('watch', { runId: id, taps: ['stem.out'], probes: [PROBES], rate: 30 });
  await until(() => theirs.length > 0);
  expect(theirs[0]!.probes).toEqual([PROBES]);
  expect(readMap(theirs[0]!.taps[0]!, 0, 0)).toHaveLength(64);
  other.close();
  frames = [];
  await house.supervisor.resume(id);
  await until(() => frames.length > 0);
  expect(frames.at(-1)!.probes).toEqual([0, 1, 2, 3, 4, 5, 6]);
  await client.emitWithAck('watch', null);

  house.supervisor.stop(id);
  await house.reach(id, 'stopped');
  expect((await house.ask('POST', `/api/runs/${id}/resume`)).status).toBe(200);
  await house.reach(id, 'running');
  const resumed = await watch([PROBES]);
  expect(resumed.probes).toEqual([PROBES]);
  expect(resumed.taps.length).toBe(both.taps.length);
  await client.emitWithAck('watch', null);
  const unknown = await client.emitWithAck('watch', { runId: id, taps: null, probes: [PROBES + 1] });
  expect(unknown).toMatchObject({ ok: false, error: { message: expect.stringContaining('0 to 6, 7') } });
});

describe('what is no valid image', () => {
  const png = { create: { width: 4, height: 4, channels: 3 as const, background: '#804020' } };
  test.each<[string, () => Promise<Buffer>, string, string]>([
    ['a GIF', () => sharp(png).gif().toBuffer(), 'image/png', 'GIF'],
    ['an SVG', async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml', 'SVG'],
    [
      'a damaged PNG',
      () =>
        sharp(png)
          .png()
          .toBuffer()
          .then((b) => b.subarray(0, 60)),
      'image/png',
      'damaged',
    ],
    ['nothing', async () => Buffer.alloc(0), 'image/png', 'empty'],
    ['a file that is too large', async () => Buffer.alloc(10 * 2 ** 20 + 1), 'image/png', '10 MiB'],
    ['a text', async () => Buffer.from('hello'), 'text/plain', 'image/jpeg, image/png, image/webp'],
  ])('%s is refused in words and leaves nothing behind', async (_, make, type, words) => {
    const reply = await upload(await make(), type);
    expect({ status: reply.statusCode, ...reply.json<object>() }).toMatchObject({
      status: 409,
      code: 'INVALID_DATA',
      field: 'body',
      message: expect.stringContaining(words),
    });
    expect(house.supervisor.detail(id).probes).toHaveLength(PROBES + 1);
    expect(readdirSync(join(house.path, id, 'own'))).toEqual([String(PROBES)]);
  });

  test('is told from its content, whatever its header says', async () => {
    const reply = await upload(await sharp(png).jpeg().toBuffer(), 'image/webp', '?name=a%20b');
    expect(reply.json()).toMatchObject({ index: PROBES + 1, own: 'a b' });
  });
});

test('an image is removed with its maps, recorded probes are not, and no index is given twice', async () => {
  const remove = (index: number): ReturnType<typeof house.ask> =>
    house.ask('DELETE', `/api/runs/${id}/probes/${index}`);
  expect(await remove(2)).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  expect((await remove(PROBES + 1)).status).toBe(204);
  expect(await remove(PROBES + 1)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  expect((await house.app.inject({ url: `/api/runs/${id}/probes/${PROBES + 1}.png` })).statusCode).toBe(404);
  await until(() => heard.at(-1)!.length === PROBES + 1);
  expect(readdirSync(join(house.path, id, 'own'))).toEqual([String(PROBES)]);
  const again = (await upload(await bytes('probes/0.png'))).json<ProbeInfo>();
  expect(again).toMatchObject({ index: PROBES + 2, own: 'image' });
});

test('a run takes only so many images, and none before it has begun', async () => {
  const image = await bytes('probes/0.png');
  const full = house.store.get(id).own.list.length;
  for (let i = full; i < MOST_OWN; i++) expect((await upload(image)).statusCode).toBe(201);
  const reply = await upload(image);
  expect({ status: reply.statusCode, ...reply.json<object>() }).toMatchObject({
    status: 409,
    code: 'CONFLICT',
  });
  expect(reply.json<{ message: string }>().message).toContain(`${MOST_OWN} are the most`);
  // The one under way keeps this one waiting.
  const waiting = ((await house.ask('POST', '/api/runs', REQUEST)).body as RunDetail).id;
  const early = await house.app.inject({
    method: 'POST',
    url: `/api/runs/${waiting}/probes`,
    headers: { 'content-type': 'image/png' },
    payload: image,
  });
  expect(early.json()).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('no probes yet') });
});
