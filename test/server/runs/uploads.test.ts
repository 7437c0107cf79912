import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Uploads } from '../../../server/runs/uploads.ts';
import { encodeSafetensors } from '../../../shared/safetensors.ts';

let folder: string;
let uploads: Uploads;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vanillascope-uploads-'));
  uploads = await Uploads.open(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (value: number, values = 1): Uint8Array =>
  encodeSafetensors(
    new Map([['a', { dtype: 'F32', shape: [values], data: new Float32Array(values).fill(value) }]]),
  );
const stream = (bytes: Uint8Array): Readable => Readable.from([bytes.subarray(0, 9), bytes.subarray(9)]);
/** All files below the folder. */
const files = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

test('the last two files are kept, byte for byte, under the id of their content', async () => {
  const first = await uploads.receive(stream(file(1)));
  const second = await uploads.receive(stream(file(2)));
  expect((await uploads.receive(stream(file(1)))).id).toBe(first.id);
  const third = await uploads.receive(stream(file(3)), { bytes: file(3).length });
  expect(() => uploads.get(second.id)).toThrow(`there are no weights '${second.id}'`);
  expect(readFileSync(uploads.get(first.id).path)).toEqual(Buffer.from(file(1)));
  expect(readFileSync(uploads.get(third.id).path)).toEqual(Buffer.from(file(3)));
  expect(uploads.get(third.id).network).toEqual({});
  expect(files().sort()).toEqual([first, third].map(({ id }) => `${id}.safetensors`).sort());
  await uploads.close();
  expect(existsSync(folder)).toBe(false);
});

test('the same file sent several times at once is one', async () => {
  const bytes = file(7, 50_000);
  const all = await Promise.all(Array.from({ length: 4 }, () => uploads.receive(stream(bytes))));
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  expect(files()).toEqual([`${all[0]!.id}.safetensors`]);
  expect(readFileSync(uploads.get(all[0]!.id).path)).toEqual(Buffer.from(bytes));
});

test('a file that is refused or breaks off leaves nothing', async () => {
  const whole = file(1, 1000);
  const limit = { limit: 500 };
  await expect(uploads.receive(stream(whole), { ...limit, bytes: whole.length })).rejects.toThrow(
    `the file is too large: it has ${whole.length} bytes, and up to 500 are valid`,
  );
  await expect(uploads.receive(stream(whole), limit)).rejects.toThrow(
    'too large: it goes on after 500 bytes',
  );
  await expect(uploads.receive(stream(whole.subarray(0, -3)))).rejects.toThrow('it ends after');
  await expect(uploads.receive(stream(Buffer.from('PK\x03\x04 and so on')))).rejects.toThrow(
    'its header would be',
  );
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield whole.subarray(0, 900);
    throw new Error('aborted');
  }
  await expect(uploads.receive(Readable.from(broken()))).rejects.toThrow(
    'the connection ended after 900 bytes',
  );
  expect(files()).toEqual([]);
});

test('a refused file can still be drained, so that its sender reads the reply', async () => {
  const sent = stream(Buffer.from('PK\x03\x04 and so on, for long'));
  await expect(uploads.receive(sent)).rejects.toThrow('its header would be');
  expect(sent.destroyed).toBe(false);
});

test('what a process has left that is gone is removed at the start, and nothing else', async () => {
  const left = (name: string): string => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, '0123.part'), 'half');
    return join(folder, name);
  };
  const [dead, ours, living, foreign] = [
    left(`${2 ** 22 + 12345}-abc`),
    left(`${process.pid}-abc`), // a container numbers its processes anew
    left(`${process.ppid}-abc`),
    left('photos'),
  ];
  await Uploads.open(folder);
  expect([dead, ours, living, foreign].map((path) => existsSync(path))).toEqual([false, false, true, true]);
});

test('a folder that can not be written to is named', async () => {
  writeFileSync(join(folder, 'file'), '');
  const blocked = await Uploads.open(join(folder, 'file'));
  await expect(blocked.receive(stream(file(1)))).rejects.toThrow(
    `can't be kept in ${join(folder, 'file')}: E`,
  );
});
