import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WeightsInfo } from '../../../shared/protocol.ts';
import { encodeSafetensors } from '../../../shared/safetensors.ts';
import { collect } from '../../../server/heap.mjs';
import { until } from '../runs/helper.ts';
import { createHouse, request, type House } from './helper.ts';

const MIB = 2 ** 20;
const TYPE = { 'content-type': 'application/octet-stream' };

let house: House;
let url: string;

beforeAll(async () => {
  house = await createHouse();
  await house.app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(house.app.server.address() as AddressInfo).port}/api/weights`;
});
afterAll(() => house.close());

/** The header of a file with one tensor of so many bytes. */
function header(bytes: number): Buffer {
  const json = JSON.stringify({ a: { dtype: 'U8', shape: [bytes], data_offsets: [0, bytes] } });
  const padded = json.padEnd(Math.ceil(json.length / 8) * 8);
  return Buffer.concat([Buffer.from(BigUint64Array.of(BigInt(padded.length)).buffer), Buffer.from(padded)]);
}

function* pieces(bytes: number): Generator<Buffer> {
  yield header(bytes);
  for (let at = 0; at < bytes; at += MIB) yield Buffer.alloc(MIB, at / MIB);
}

/** Sends a body piece by piece, none before the one ahead of it has gone. */
function send(body: AsyncIterable<Buffer>): Promise<{ status: number; reply: unknown }> {
  return new Promise((resolve, reject) => {
    const sending = httpRequest(url, { method: 'PUT', headers: TYPE });
    const pieces = Readable.from(body, { highWaterMark: 1 });
    sending.on('error', reject);
    sending.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => {
        pieces.destroy();
        resolve({ status: response.statusCode!, reply: JSON.parse(text) });
      });
    });
    pieces.pipe(sending);
  });
}
/** What lies in the folder of uploads. */
const files = (): string[] =>
  readdirSync(join(house.path, '.uploads'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

test('64 MiB come in byte for byte, and never lie in memory whole', async () => {
  const hash = createHash('sha256');
  let most = 0;
  let sent = 0;
  collect();
  const start = process.memoryUsage();
  async function* watched(): AsyncGenerator<Buffer> {
    for (const piece of pieces(64 * MIB)) {
      hash.update(piece);
      if (++sent % 8 === 0) {
        collect();
        most = Math.max(most, process.memoryUsage().external - start.external);
      }
      yield piece;
    }
  }
  const { status, reply: info } = await send(watched());
  expect(status).toBe(200);
  const { id } = info as WeightsInfo;
  const digest = hash.digest('hex');
  expect(id).toBe(digest.slice(0, 16));
  const [folder] = readdirSync(join(house.path, '.uploads'));
  const kept = readFileSync(join(house.path, '.uploads', folder!, `${id}.safetensors`));
  expect(createHash('sha256').update(kept).digest('hex')).toBe(digest);
  expect(most).toBeLessThan(24 * MIB);
  const reply = await house.ask('POST', '/api/runs', request('from a file', 3, { weights: id }));
  expect(reply).toMatchObject({ status: 201 });
});

test('a file that is none is refused while it is still coming', async () => {
  const before = files();
  let sent = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (; sent < 512; sent++) yield Buffer.alloc(MIB, 'PK\x03\x04');
  }
  const { status, reply } = await send(endless());
  expect(status).toBe(409);
  expect(reply).toMatchObject({
    code: 'INVALID_WEIGHTS',
    message: expect.stringMatching(/its header would be \d+ bytes; up to 1048576 are valid/),
  });
  expect(sent).toBeLessThan(512);
  expect(files()).toEqual(before);
});

test('a file that is larger than what is taken is refused by what its sender says of it', async () => {
  const refused = await new Promise<string>((resolve, reject) => {
    const sending = httpRequest(url, { method: 'PUT', headers: { ...TYPE, 'content-length': 2 ** 31 } });
    sending.on('error', reject);
    sending.on('response', (reply) => {
      reply.setEncoding('utf8').on('data', (text: string) => {
        resolve(`${reply.statusCode} ${text}`);
        sending.destroy();
      });
    });
    sending.write('x');
  });
  expect(refused).toContain('409');
  expect(refused).toContain('it has 2147483648 bytes, and up to 1073741824 are valid');
});

test('a connection that breaks off leaves nothing, and the server goes on', async () => {
  const before = files();
  const sending = httpRequest(url, {
    method: 'PUT',
    headers: { ...TYPE, 'content-length': header(MIB).length + MIB },
  });
  sending.on('error', () => undefined);
  sending.write(header(MIB));
  sending.write(Buffer.alloc(MIB / 2));
  await until(() => files().some((name) => name.endsWith('.part')));
  sending.destroy();
  await until(() => !files().some((name) => name.endsWith('.part')));
  expect(files()).toEqual(before);
  const small = encodeSafetensors(new Map());
  const response = await fetch(url, { method: 'PUT', headers: TYPE, body: Buffer.from(small) });
  expect(response.status).toBe(200);
});
