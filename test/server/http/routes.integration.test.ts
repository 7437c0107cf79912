import { gunzipSync, gzipSync } from 'node:zlib';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { Type, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeFrame, readMap } from '../../../shared/frame.ts';
import {
  DatasetInfo,
  EngineReport,
  EpochMetrics,
  FRAME_TYPE,
  ProbeInfo,
  RunDetail,
  RunSummary,
  SnapshotInfo,
} from '../../../shared/protocol.ts';
import { createHouse, request, type House } from './helper.ts';

let house: House;
let id: string;

beforeAll(async () => {
  house = await createHouse();
  const reply = await house.ask('POST', '/api/runs', request('plain'));
  expect(reply.status).toBe(201);
  id = (reply.body as RunDetail).id;
  await house.reach(id, 'finished');
});
afterAll(() => house.close());

const fits = (schema: TSchema, value: unknown): void => expect([...Value.Errors(schema, value)]).toEqual([]);

describe('good requests', () => {
  test.each([
    ['/api/engine', EngineReport],
    ['/api/datasets', Type.Array(DatasetInfo)],
    ['/api/presets', Type.Array(Type.Object({ id: Type.String(), network: Type.Object({}) }))],
    ['/api/runs', Type.Array(RunSummary)],
    ['/api/runs/ID', RunDetail],
    ['/api/runs/ID/metrics', Type.Array(EpochMetrics)],
    ['/api/runs/ID/snapshots', Type.Array(SnapshotInfo)],
    ['/api/runs/ID/probes', Type.Array(ProbeInfo)],
  ])('GET %s replies as its schema says', async (url, schema) => {
    const { status, body } = await house.ask('GET', url.replace('ID', id));
    expect(status).toBe(200);
    fits(schema, body);
  });

  test('a run that has ended shows its metrics and snapshots in order', async () => {
    const metrics = (await house.ask('GET', `/api/runs/${id}/metrics`)).body as EpochMetrics[];
    expect(metrics.map((m) => m.epoch)).toEqual([0, 1, 2, 3]);
    const snapshots = (await house.ask('GET', `/api/runs/${id}/snapshots`)).body as SnapshotInfo[];
    expect(snapshots.map((s) => s.id)).toEqual(['0', '1', '2', '3']);
  });

  test('a whole snapshot is sent gzipped to who accepts that, and plain to others', async () => {
    const url = `/api/runs/${id}/snapshots/2`;
    const zipped = await house.app.inject({ url, headers: { 'accept-encoding': 'gzip' } });
    expect(zipped.headers).toMatchObject({ 'content-type': FRAME_TYPE, 'content-encoding': 'gzip' });
    const plain = await house.app.inject({ url });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(gunzipSync(zipped.rawPayload).equals(plain.rawPayload)).toBe(true);
    const frame = decodeFrame(plain.rawPayload);
    expect(frame.epoch).toBe(2);
    expect(frame.taps.map((tap) => tap.id)).toEqual(['stem.out', 'logits']);
  });

  test('a snapshot is not sent again to a client that has it', async () => {
    const url = `/api/runs/${id}/snapshots/2`;
    const first = await house.app.inject({ url });
    expect(first.headers['cache-control']).toContain('immutable');
    const again = await house.app.inject({ url, headers: { 'if-none-match': String(first.headers.etag) } });
    expect(again.statusCode).toBe(304);
    expect(again.rawPayload).toHaveLength(0);
  });

  test('a part of a snapshot holds the taps and probes that were asked for, with the same values', async () => {
    const whole = decodeFrame((await house.app.inject({ url: `/api/runs/${id}/snapshots/1` })).rawPayload);
    const part = decodeFrame(
      (await house.app.inject({ url: `/api/runs/${id}/snapshots/1?taps=stem.out&probes=0,2` })).rawPayload,
    );
    expect(part.probes).toEqual([0, 2]);
    expect(part.taps.map((tap) => tap.id)).toEqual(['stem.out']);
    expect(readMap(part.taps[0]!, 1, 1)).toEqual(readMap(whole.taps[0]!, 2, 1));
  });

  test('a part is made of the payloads that it needs: damage elsewhere is told only to who asks for it', async () => {
    const { body } = await house.ask('POST', '/api/runs', request('half damaged'));
    const other = (body as RunDetail).id;
    await house.reach(other, 'finished');
    const path = join(house.path, other, 'snapshots', '1.vsp');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1; // within the last tap, the logits
    writeFileSync(path, bytes);
    const url = `/api/runs/${other}/snapshots/1`;
    const part = decodeFrame((await house.app.inject({ url: `${url}?taps=stem.out` })).rawPayload);
    expect(part.taps.map((tap) => tap.id)).toEqual(['stem.out']);
    for (const query of ['', '?taps=logits', '?probes=0'])
      expect(await house.ask('GET', url + query)).toMatchObject({
        status: 409,
        body: {
          code: 'INVALID_DATA',
          message: expect.stringContaining('1.vsp is damaged: tap logits is damaged'),
        },
      });
  });

  test('a snapshot that an earlier version gzipped is sent like the others', async () => {
    const folder = join(house.path, id, 'snapshots');
    const whole = (await house.app.inject({ url: `/api/runs/${id}/snapshots/3` })).rawPayload;
    writeFileSync(join(folder, '3.vsf.gz'), gzipSync(whole));
    renameSync(join(folder, '3.vsp'), join(folder, '3.away'));
    const again = (await house.app.inject({ url: `/api/runs/${id}/snapshots/3` })).rawPayload;
    expect(again.equals(whole)).toBe(true);
    const part = await house.app.inject({ url: `/api/runs/${id}/snapshots/3?taps=logits&probes=1` });
    expect(decodeFrame(part.rawPayload).probes).toEqual([1]);
    renameSync(join(folder, '3.away'), join(folder, '3.vsp'));
    rmSync(join(folder, '3.vsf.gz'));
  });

  test('a probe is a PNG of the pixels that the network sees', async () => {
    const response = await house.app.inject({ url: `/api/runs/${id}/probes/1.png` });
    expect(response.headers['content-type']).toBe('image/png');
    const { width, height, data } = PNG.sync.read(response.rawPayload);
    expect([width, height]).toEqual([16, 16]);
    const first = 16 * 16 * 3;
    expect([...data.subarray(0, 3)]).toEqual([first % 251, (first + 1) % 251, (first + 2) % 251]);
  });

  test('the weights of the latest snapshot, or of the one asked for, are exported under the name of the run', async () => {
    const latest = await house.app.inject({ url: `/api/runs/${id}/export` });
    expect(latest.headers['content-disposition']).toBe(`attachment; filename="${id}-3-deep.safetensors"`);
    expect(latest.body).toBe('weights of 3'); // what the fake worker writes
    const first = await house.app.inject({ url: `/api/runs/${id}/export?snapshot=0&form=deep` });
    expect(first.body).toBe('weights of 0');
  });

  test('a run is paused, resumed, stopped and deleted', async () => {
    const started = await house.ask('POST', '/api/runs', request('silent pace=1'));
    const other = (started.body as RunDetail).id;
    await house.reach(other, 'running');
    expect((await house.ask('DELETE', `/api/runs/${other}`)).status).toBe(409);
    expect((await house.ask('POST', `/api/runs/${other}/pause`)).status).toBe(200);
    await house.reach(other, 'paused');
    expect((await house.ask('POST', `/api/runs/${other}/resume`)).status).toBe(200);
    await house.reach(other, 'running');
    expect((await house.ask('POST', `/api/runs/${other}/stop`)).body).toMatchObject({ state: 'stopping' });
    await house.reach(other, 'stopped');
    expect((await house.ask('DELETE', `/api/runs/${other}`)).status).toBe(204);
    expect((await house.ask('GET', `/api/runs/${other}`)).status).toBe(404);
    expect(readdirSync(house.path)).not.toContain(other);
  });

  test('the interface is documented, every route with its errors', async () => {
    const { body } = await house.ask('GET', '/api/docs/json');
    const { paths } = body as { paths: Record<string, Record<string, { responses: object }>> };
    expect(Object.keys(paths).sort()).toMatchInlineSnapshot(`
      [
        "/api/datasets",
        "/api/engine",
        "/api/presets",
        "/api/runs",
        "/api/runs/{id}",
        "/api/runs/{id}/export",
        "/api/runs/{id}/measures",
        "/api/runs/{id}/merge/{snapshot}",
        "/api/runs/{id}/metrics",
        "/api/runs/{id}/pause",
        "/api/runs/{id}/probes",
        "/api/runs/{id}/probes/{index}",
        "/api/runs/{id}/probes/{index}.png",
        "/api/runs/{id}/resume",
        "/api/runs/{id}/similarity",
        "/api/runs/{id}/similarity/{snapshot}",
        "/api/runs/{id}/snapshots",
        "/api/runs/{id}/snapshots/{snapshot}",
        "/api/runs/{id}/stop",
        "/api/weights",
      ]
    `);
    for (const methods of Object.values(paths))
      for (const { responses } of Object.values(methods)) expect(Object.keys(responses)).toContain('404');
    expect((await house.app.inject({ url: '/api/docs/' })).body).toContain('swagger');
  });
});

describe('bad requests', () => {
  test.each([
    [{}, 'data', 'data is missing'],
    [
      { data: { dataset: 'mnist' } },
      'data.dataset',
      "data.dataset is 'mnist'; valid is emoji, cifar10, shapes",
    ],
    [request('x', 3, { colour: 'red' }), 'colour', 'colour is unknown; valid here are name, seed,'],
    [
      request('x', 3, { training: { lr: 1 } }),
      'training.lr',
      'training.lr is unknown; valid here are epochs,',
    ],
    [
      request('x', 3, { training: { epochs: '5' } }),
      'training.epochs',
      "training.epochs is '5'; valid is an integer",
    ],
    [
      request('x', 3, { backend: 'gpu' }),
      'backend',
      "backend is 'gpu'; valid is auto or tensorflow-gpu, webgpu,",
    ],
    [request('x', 3, { preset: 'huge' }), 'preset', "preset 'huge' is unknown; valid are small,"],
    [request(''), 'name', "name is ''; valid is text of 1 to 80 characters"],
    [
      request('x', 3, { network: { activation: { kind: 'relu', n: 2 } } }),
      'network.activation.n',
      'network.activation.n is unknown; valid here are kind',
    ],
    [
      request('x', 3, { network: { activation: { kind: 'tanh' } } }),
      'network.activation.kind',
      "network.activation.kind is 'tanh'; valid is series, shifted, relu",
    ],
    [request('x', 3, { network: { strides: [2] } }), 'network.strides', 'network.strides has 1 entries'],
  ])('POST /api/runs %j names %s', async (payload, field, message) => {
    const { status, body } = await house.ask('POST', '/api/runs', payload);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'INVALID_CONFIG', field });
    expect((body as { message: string }).message).toContain(message);
  });

  test('weights that were never sent, a file that is none, and another body are named', async () => {
    const { status, body } = await house.ask(
      'POST',
      '/api/runs',
      request('x', 3, { weights: '0123456789abcdef' }),
    );
    expect({ status, body }).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', field: 'weights' } });
    const headers = { 'content-type': 'application/octet-stream' };
    const file = await house.app.inject({ method: 'PUT', url: '/api/weights', headers, payload: 'PK' });
    expect(file.statusCode).toBe(409);
    expect(file.json()).toMatchObject({ code: 'INVALID_WEIGHTS' });
    expect(await house.ask('PUT', '/api/weights', { a: 1 })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_CONFIG', field: 'body' },
    });
  });

  test('a data set that is not there is a conflict with its name', async () => {
    const { status, body } = await house.ask('POST', '/api/runs', { data: { dataset: 'cifar10' } });
    expect({ status, body }).toMatchObject({
      status: 409,
      body: { code: 'INVALID_DATA', field: 'data.dataset' },
    });
  });

  test('a body that is no JSON, none, or of another kind is refused', async () => {
    const headers = { 'content-type': 'application/json' };
    for (const payload of ['{', ''])
      expect(
        (await house.app.inject({ method: 'POST', url: '/api/runs', headers, payload })).statusCode,
      ).toBe(400);
    const xml = { 'content-type': 'application/xml' };
    const reply = await house.app.inject({ method: 'POST', url: '/api/runs', headers: xml, payload: '<a/>' });
    expect(reply.statusCode).toBe(415);
    expect(reply.json()).toMatchObject({ code: 'INVALID_CONFIG' });
    expect((await house.ask('POST', '/api/runs')).status).toBe(400);
  });

  test.each(['', '/metrics', '/snapshots', '/snapshots/1', '/probes', '/probes/0.png', '/export'])(
    'GET /api/runs/nowhere%s is not found',
    async (rest) => {
      const { status, body } = await house.ask('GET', `/api/runs/nowhere${rest}`);
      expect({ status, body }).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', field: 'id' } });
    },
  );

  test.each(['pause', 'resume', 'stop'])(
    'POST %s is refused where the state does not allow it',
    async (command) => {
      const { status, body } = await house.ask('POST', `/api/runs/${id}/${command}`);
      expect({ status, body }).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
      expect((body as { message: string }).message).toContain('is finished');
      expect((await house.ask('POST', `/api/runs/nowhere/${command}`)).status).toBe(404);
    },
  );

  test('DELETE of an unknown run is not found', async () => {
    expect((await house.ask('DELETE', '/api/runs/nowhere')).status).toBe(404);
  });

  test.each([
    ['snapshots/99', 404, "there is no snapshot '99'; there are 0, 1, 2, 3"],
    ['snapshots/1?taps=stem.in', 400, "the snapshot has no tap 'stem.in'; it has stem.out, logits"],
    ['snapshots/1?probes=7', 400, 'the snapshot has no probe 7; it has 0, 1, 2'],
    ['snapshots/1?probes=a', 400, "probes is 'a'"],
    ['snapshots/1?tap=stem.out', 400, 'tap is unknown; valid here are taps, probes'],
    ['probes/9.png', 404, 'there is no probe 9; there are 0 to 2'],
    ['probes/x.png', 400, "index is 'x'"],
    ['metrics?from=3', 400, 'from is unknown'],
    ['export?snapshot=99', 404, "there is no snapshot '99'; there are 0, 1, 2, 3"],
    ['export?form=shallow', 400, "form is 'shallow'; valid is deep, merged"],
    ['export?snapshot=1&form=merged', 409, "λ is 0.6666666666666667 in snapshot '1'"],
    ['merge/99', 404, "there is no snapshot '99'; there are 0, 1, 2, 3"],
    ['merge/1?x=1', 400, 'x is unknown'],
  ])('GET /api/runs/ID/%s gives %i and says why', async (rest, wanted, message) => {
    const { status, body } = await house.ask('GET', `/api/runs/${id}/${rest}`);
    expect(status).toBe(wanted);
    expect((body as { message: string }).message).toContain(message);
  });

  test.each(['..', '%2e%2e', '..%2f..%2fetc', '%2fetc%2fpasswd', '..%5c..', `${'x'.repeat(150)}`])(
    'no id leads out of the runs folder: %s',
    async (name) => {
      for (const rest of ['', '/export', '/snapshots/..%2f..%2frun.json'])
        expect((await house.ask('GET', `/api/runs/${name}${rest}`)).status).toBe(404);
      expect((await house.ask('DELETE', `/api/runs/${name}`)).status).toBe(404);
    },
  );

  test('an unknown address below /api is a plain 404', async () => {
    const { status, body } = await house.ask('GET', '/api/nothing');
    expect({ status, body }).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  test('a damaged snapshot is named, and so are damaged probes', async () => {
    const { body } = await house.ask('POST', '/api/runs', request('to be damaged'));
    const other = (body as RunDetail).id;
    await house.reach(other, 'finished');
    writeFileSync(join(house.path, other, 'snapshots', '1.vsp'), 'short');
    writeFileSync(join(house.path, other, 'probes.bin'), 'short');
    for (const rest of ['snapshots/1', 'snapshots/1?probes=0', 'probes/0.png']) {
      const reply = await house.ask('GET', `/api/runs/${other}/${rest}`);
      expect(reply).toMatchObject({ status: 409, body: { code: 'INVALID_DATA' } });
      expect((reply.body as { message: string }).message).toContain('is damaged');
    }
    expect((await house.ask('GET', `/api/runs/${other}/snapshots/2`)).status).toBe(200);
  });
});
