import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/protocol.ts';
import { createHouseWithRun, request, type House } from './helper.ts';

let house: House;
let id: string;

beforeAll(async () => {
  ({ house, id } = await createHouseWithRun());
});
afterAll(() => house.close());

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
    expect(reply.json()).toEqual({
      code: 'INVALID_CONFIG',
      message: "the body is of the type 'application/xml'; valid is application/json",
      field: 'content-type',
    });
    for (const type of ['image/png', 'application/octet-stream']) {
      const headers = { 'content-type': type };
      const other = await house.app.inject({ method: 'POST', url: '/api/runs', headers, payload: 'x' });
      expect(other.statusCode).toBe(415);
    }
    expect((await house.ask('POST', '/api/runs')).status).toBe(400);
  });

  test('a body that is too large is told with its size and what is valid', async () => {
    const payload = { name: 'x'.repeat(300_000) };
    const { status, body } = await house.ask('POST', '/api/runs', payload);
    expect({ status, body }).toEqual({
      status: 413,
      body: {
        code: 'INVALID_CONFIG',
        message: `the body has ${JSON.stringify(payload).length} bytes; up to 262144 bytes are valid`,
        field: 'body',
      },
    });
  });

  test.each(['/%', '/api/runs/%ff'])('an address that is none is refused by name: %s', async (url) => {
    const { status, body } = await house.ask('GET', url);
    expect({ status, body }).toEqual({
      status: 400,
      body: { code: 'INVALID_CONFIG', message: expect.stringContaining(`'${url}' is not a valid url`) },
    });
  });

  test('a folder of the longest name that there is can be looked at', async () => {
    const name = `${'名'.repeat(84)}abc`;
    expect(Buffer.byteLength(name)).toBe(255);
    cpSync(join(house.path, id), join(house.path, name), { recursive: true });
    for (const rest of ['', '/metrics', '/snapshots/1', '/probes/0.png'])
      expect((await house.ask('GET', `/api/runs/${encodeURIComponent(name)}${rest}`)).status).toBe(200);
    expect((await house.ask('DELETE', `/api/runs/${encodeURIComponent(name)}`)).status).toBe(204);
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
