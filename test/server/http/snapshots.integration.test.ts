import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Part } from '../../../server/runs/pack/format.ts';
import { decodeFrame, type Frame } from '../../../shared/frame.ts';
import type { RunDetail } from '../../../shared/protocol.ts';
import { createHouse, request, type House } from './helper.ts';

let house: House;
let url: string;
let id: string;

beforeAll(async () => {
  house = await createHouse();
  const { body } = await house.ask('POST', '/api/runs', request('recorded'));
  id = (body as RunDetail).id;
  await house.reach(id, 'finished');
  await house.app.listen({ port: 0, host: '127.0.0.1' });
  url = `/api/runs/${id}/snapshots/1`;
});
afterAll(() => house.close());

const read = async (query: string): Promise<Frame> =>
  decodeFrame((await house.app.inject({ url: `${url}${query}` })).rawPayload);

test('with no probes, the ranges of channels come alone', async () => {
  const whole = await read('');
  const part = await read('?taps=stem.out&probes=');
  expect(part.probes).toEqual([]);
  expect(part.taps.map(({ id, shape }) => [id, shape[0]])).toEqual([['stem.out', 0]]);
  expect(part.taps[0]!.minimum).toEqual(whole.taps[0]!.minimum);
  expect(part.taps[0]!.maximum).toEqual(whole.taps[0]!.maximum);
});

test('nothing is read any longer for a client that has left, and others are served on', async () => {
  const { snapshots } = house.store.get(id);
  const stored = await snapshots.open('1');
  let left: (reason: unknown) => void;
  const leaving = new Promise((resolve) => (left = resolve));
  const client = get({ port: (house.app.server.address() as AddressInfo).port, path: url });
  client.on('error', () => undefined);
  vi.spyOn(snapshots, 'open').mockResolvedValueOnce({
    header: stored.header,
    read: ({ signal }: Part = {}) =>
      new Promise((_, reject) => {
        signal!.addEventListener('abort', () => {
          reject(signal!.reason as Error);
          left(signal!.reason);
        });
        client.destroy();
      }),
  });
  expect(await leaving).toMatchObject({ name: 'AbortError' });
  expect((await read('?taps=stem.out&probes=1')).probes).toEqual([1]);
});
