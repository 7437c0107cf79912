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
import { createHouseWithRun, request, type House } from './helper.ts';

let house: House;
let id: string;

beforeAll(async () => {
  ({ house, id } = await createHouseWithRun());
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
