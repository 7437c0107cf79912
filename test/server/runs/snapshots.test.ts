import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Snapshots, unpackFrame } from '../../../server/runs/snapshots.ts';
import { encodeFrame, headerOf, selectFrame } from '../../../shared/frame.ts';
import { frameOf, tapOf } from './pack/frames.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vanillascope-snapshots-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const frame = (seed: number) =>
  frameOf([
    tapOf('stem.pre', [3, 2, 8, 8], 'u8', 'waves', seed),
    tapOf('stem.act', [3, 2, 8, 8], 'u8', 'waves', seed),
    tapOf('logits', [3, 5, 1, 1], 'f32', 'noise', seed),
  ]);
const moment = (id: string) => ({ id, epoch: Number.parseInt(id, 10), lambda: 0.3, merged: false });

test('a snapshot is read whole, in part, or only its header', async () => {
  const written = new Snapshots(folder);
  await written.add(moment('1'), encodeFrame(frame(1)));
  const stored = await new Snapshots(folder).open('1');
  expect(stored.header).toEqual(headerOf(frame(1)));
  expect(await stored.read()).toEqual(frame(1));
  expect((await stored.read({ taps: ['stem.act'] })).taps).toEqual([frame(1).taps[1]]);
  const part = { taps: ['stem.act'], probes: [6, 0] };
  expect(await stored.read(part)).toEqual(selectFrame(frame(1), part.taps, part.probes));
  const { bytes, path } = await written.read('1');
  expect(await unpackFrame(bytes)).toEqual(frame(1));
  expect(await written.file('1')).toMatchObject({ path, bytes: bytes.length });
});

test('snapshots that an earlier version gzipped are listed and read, replaced and forgotten like others', async () => {
  const old = join(folder, '1.vsf.gz');
  for (const id of ['1', '2'])
    writeFileSync(join(folder, `${id}.vsf.gz`), gzipSync(encodeFrame(frame(Number(id)))));
  const snapshots = new Snapshots(folder);
  expect((await snapshots.list()).map((s) => [s.id, s.lambda, s.bytes])).toEqual([
    ['1', 0.3, readFileSync(old).length],
    ['2', 0.3, readFileSync(join(folder, '2.vsf.gz')).length],
  ]);
  const stored = await snapshots.open('1');
  expect(stored.header).toEqual(headerOf(frame(1)));
  expect(await stored.read()).toEqual(frame(1));
  expect((await stored.read({ taps: ['logits'] })).taps).toEqual([frame(1).taps[2]]);
  const part = { taps: ['stem.act'], probes: [6] };
  expect(await stored.read(part)).toEqual(selectFrame(frame(1), part.taps, part.probes));
  await snapshots.add(moment('1'), encodeFrame(frame(9)));
  expect(existsSync(old)).toBe(false);
  expect(await (await snapshots.open('1')).read()).toEqual(frame(9));
  await snapshots.rewind(1);
  expect(readdirSync(folder).sort()).toEqual(['1.vsp', 'index.jsonl']);
});

test.each([
  ['1.vsp', 'nothing of the kind'],
  ['1.vsp', ''],
  ['1.vsf.gz', gzipSync(encodeFrame(frame(1))).subarray(0, 200)],
  ['1.vsf.gz', gzipSync('no frame')],
])('a file %s that is damaged is named', async (name, content) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  const opening = new Snapshots(folder).open('1');
  await expect(opening).rejects.toMatchObject({ code: 'INVALID_DATA', field: 'snapshot' });
  await expect(opening).rejects.toThrow(`${path} is damaged: `);
});

test('a tap that is damaged is named with the file, and the others can be read', async () => {
  const snapshots = new Snapshots(folder);
  await snapshots.add(moment('1'), encodeFrame(frame(1)));
  const path = join(folder, '1.vsp');
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 255;
  writeFileSync(path, bytes);
  const stored = await snapshots.open('1');
  const gone = new Error('gone');
  await expect(stored.read({ signal: AbortSignal.abort(gone) })).rejects.toBe(gone);
  expect((await stored.read({ taps: ['stem.pre'] })).taps).toEqual([frame(1).taps[0]]);
  await expect(stored.read()).rejects.toMatchObject({ code: 'INVALID_DATA' });
  await expect(stored.read()).rejects.toThrow(`${path} is damaged: tap logits is damaged`);
});

test('a snapshot that is not there is told from those that are, and no id leads out of the folder', async () => {
  const snapshots = new Snapshots(join(folder, 'snapshots'));
  writeFileSync(join(folder, '7.vsp'), 'outside');
  await expect(snapshots.open('1')).rejects.toThrow("there is no snapshot '1'; there is none yet");
  for (const id of ['../7', '7/../../7', '', '1.vsp'])
    await expect(snapshots.file(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
