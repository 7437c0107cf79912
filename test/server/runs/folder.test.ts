import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunFolder } from '../../../server/runs/folder.ts';
import { RunStore } from '../../../server/runs/store.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../shared/safetensors.ts';
import { endedRun, frameOf, metrics } from './folder.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'vanillascope-folder-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));
const finished = (): Promise<RunFolder> => endedRun(path);

test('a torn last line of the metrics is passed over, and does not swallow the next', async () => {
  const written = await finished();
  await written.addMetrics(metrics(0));
  const file = join(written.path, 'metrics.jsonl');
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"epoch":1,"lam`);
  const folder = (await RunStore.open(path)).get(written.id);
  expect((await folder.metrics()).map((m) => m.epoch)).toEqual([0]);
  await folder.addMetrics(metrics(1));
  const again = (await RunStore.open(path)).get(written.id);
  expect((await again.metrics()).map((m) => m.epoch)).toEqual([0, 1]);
});

test('metrics and snapshots of an epoch recorded anew replace the old ones, and a rewind forgets later ones', async () => {
  const folder = await finished();
  for (const epoch of [0, 1, 2]) {
    await folder.addMetrics(metrics(epoch));
    await folder.snapshots.add({ id: `${epoch}`, epoch, lambda: 1, merged: false }, frameOf(epoch));
  }
  await folder.rewind(1);
  await folder.addMetrics(metrics(1, 0.9));
  await folder.snapshots.add({ id: '1', epoch: 1, lambda: 0.5, merged: false }, frameOf(1));
  const again = (await RunStore.open(path)).get(folder.id);
  expect((await again.metrics()).map((m) => [m.epoch, m.testAccuracy])).toEqual([
    [0, 0.5],
    [1, 0.9],
  ]);
  expect((await again.snapshots.list()).map((s) => [s.id, s.lambda])).toEqual([
    ['0', 1],
    ['1', 0.5],
  ]);
  expect(existsSync(join(folder.path, 'snapshots', '2.vsp'))).toBe(false);
});

test('snapshots that a crash left out of the index are found, damaged and missing ones are not listed', async () => {
  const written = await finished();
  for (const epoch of [0, 1, 2])
    await written.snapshots.add({ id: `${epoch}`, epoch, lambda: 1, merged: false }, frameOf(epoch));
  const folder = join(written.path, 'snapshots');
  rmSync(join(folder, 'index.jsonl'));
  rmSync(join(folder, '1.vsp'));
  writeFileSync(join(folder, '3.vsp'), 'no frame');
  writeFileSync(join(folder, '5.vsf.gz'), 'no gzip');
  writeFileSync(join(folder, '4.vsp.0123.part'), 'half');
  const again = (await RunStore.open(path)).get(written.id);
  expect((await again.snapshots.list()).map((s) => [s.id, s.lambda])).toEqual([
    ['0', 0.25],
    ['2', 0.25],
  ]);
  await expect(again.snapshots.read('1')).rejects.toThrow("there is no snapshot '1'; there are 0, 2");
  await expect(again.snapshots.open('3')).rejects.toThrow(`${join(folder, '3.vsp')} is damaged`);
  await expect(again.snapshots.open('5')).rejects.toThrow(`${join(folder, '5.vsf.gz')} is damaged`);
});

test('the last three checkpoints are kept, in the order of time', async () => {
  const folder = await finished();
  const file = (id: string): Uint8Array => encodeSafetensors(new Map(), { id });
  for (const id of ['8', '9', '10', '10m', '11']) await folder.checkpoints.add(id, file(id));
  expect(await folder.checkpoints.list()).toEqual(['10', '10m', '11']);
  expect(await folder.checkpoints.latest()).toBe('11');
  expect(decodeSafetensors(await folder.checkpoints.read('11')).metadata).toEqual({ id: '11' });
});

test('a damaged checkpoint is passed over for one before it, and named where there is none', async () => {
  const folder = await finished();
  const path = (id: string): string => join(folder.path, 'checkpoints', `${id}.safetensors`);
  const tensors = new Map([['a', { dtype: 'F32' as const, shape: [64], data: new Float32Array(64) }]]);
  for (const id of ['9', '10', '11']) await folder.checkpoints.add(id, encodeSafetensors(tensors));
  truncateSync(path('11'), 200);
  expect(await folder.checkpoints.latest()).toBe('10');
  writeFileSync(path('10'), '');
  expect(await folder.checkpoints.latest()).toBe('9');
  writeFileSync(path('9'), 'PK\x03\x04 something else altogether');
  await expect(folder.checkpoints.latest()).rejects.toThrow(
    `checkpoint ${path('11')} can't be read: not a readable safetensors file: tensor a lies at 0 to 256 of`,
  );
  await folder.checkpoints.add('9', encodeSafetensors(tensors));
  await folder.checkpoints.rewind('9');
  expect(await folder.checkpoints.list()).toEqual(['9']);
});

test('the weights of every snapshot are kept, and a rewind forgets later ones with what was made of them', async () => {
  const folder = await finished();
  for (const id of ['8', '9', '10', '10m', '11']) await folder.weights.add(id, Buffer.from(id));
  mkdirSync(join(folder.path, 'reports'));
  for (const file of [folder.weights.mergedPath('10'), folder.weights.mergedPath('11')])
    writeFileSync(file, 'merged');
  for (const id of ['9', '11']) writeFileSync(folder.reportPath(id), '{}');
  await folder.rewind(10);
  expect(readdirSync(join(folder.path, 'weights')).sort()).toEqual(
    ['8', '9', '10', '10m', '10.merged'].map((id) => `${id}.safetensors`).sort(),
  );
  expect(readdirSync(join(folder.path, 'reports'))).toEqual(['9.merge.json']);
  expect(readFileSync(await folder.weights.find('9'), 'utf8')).toBe('9');
  await expect(folder.weights.find('11')).rejects.toThrow("the weights of snapshot '11' were not kept");
  await folder.weights.add('10', Buffer.from('anew'));
  expect(existsSync(folder.weights.mergedPath('10'))).toBe(false);
});
