import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RunFolder } from '../../../server/runs/folder.ts';
import { RunStore } from '../../../server/runs/store.ts';
import { endedRun, frameOf, metrics } from './folder.ts';
import { configure } from './helper.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'vanillascope-store-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const finished = (name?: string): Promise<RunFolder> => endedRun(path, name);
const reasonOf = (store: RunStore, id: string): string => store.list().find((s) => s.id === id)!.reason;

test('a run is found again after a restart, with all that was recorded', async () => {
  const written = await finished();
  await written.addMetrics(metrics(0));
  await written.addMetrics(metrics(1));
  await written.snapshots.add({ id: '10', epoch: 10, lambda: 0, merged: false }, frameOf(10));
  await written.snapshots.add({ id: '2', epoch: 2, lambda: 0.5, merged: false }, frameOf(2));
  const store = await RunStore.open(path);
  expect(store.list()).toMatchObject([
    { id: written.id, name: 'a run', state: 'finished', reason: '', epoch: 3 },
  ]);
  const folder = store.get(written.id);
  expect(await folder.metrics()).toEqual([metrics(0), metrics(1)]);
  expect((await folder.snapshots.list()).map((s) => [s.id, s.lambda])).toEqual([
    ['2', 0.5],
    ['10', 0],
  ]);
  expect(readdirSync(folder.path).some((file) => file.endsWith('.part'))).toBe(false);
});

test('ids say when, what and which, and list the newest first', async () => {
  const store = await RunStore.open(path);
  const { id } = await store.create(configure('first'));
  expect(id).toMatch(/^\d{8}-\d{6}-shapes-small-[0-9a-f]{4}$/);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const second = await store.create(configure('second'));
  expect(store.list().map((s) => s.id)).toEqual([second.id, id]);
});

test.each([
  ['a folder from elsewhere', (run: string) => rmSync(join(run, 'run.json')), 'it has no run.json'],
  ['an empty run.json', (run: string) => writeFileSync(join(run, 'run.json'), ''), 'run.json is not JSON'],
  [
    'a half-written run.json',
    (run: string) =>
      writeFileSync(join(run, 'run.json'), readFileSync(join(run, 'run.json')).subarray(0, 200)),
    'run.json is not JSON',
  ],
  [
    'a run.json of another program',
    (run: string) => writeFileSync(join(run, 'run.json'), '{"format":1}'),
    'another program',
  ],
  [
    'a run.json that is null',
    (run: string) => writeFileSync(join(run, 'run.json'), 'null'),
    'another program',
  ],
  [
    'a later version',
    (run: string) => edit(run, { version: 7 }),
    'run.json has version 7; this program reads 1',
  ],
  [
    'an unknown state',
    (run: string) => edit(run, { state: 'asleep' }),
    "state is 'asleep'; valid is queued,",
  ],
  ['a missing configuration', (run: string) => edit(run, { config: undefined }), 'config is missing'],
])('%s is listed as failed with the reason, and nothing of it is touched', async (_, damage, reason) => {
  const { id, path: run } = await finished();
  writeFileSync(join(run, 'note.txt'), 'mine');
  damage(run);
  const before = readdirSync(run).sort();
  const store = await RunStore.open(path);
  expect(store.list()).toMatchObject([{ id, state: 'failed', unreadable: true, dataset: '' }]);
  expect(reasonOf(store, id)).toContain(reason);
  expect(() => store.get(id)).toThrow(reason);
  await expect(store.delete(id)).rejects.toThrow(reason);
  expect(readdirSync(run).sort()).toEqual(before);
});

function edit(run: string, change: object): void {
  const file = join(run, 'run.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
}

test('a folder that is repaired, renamed, added or taken away is noticed without a restart', async () => {
  const { id, path: run } = await finished();
  const whole = readFileSync(join(run, 'run.json'));
  writeFileSync(join(run, 'run.json'), '{');
  const store = await RunStore.open(path);
  expect(store.list()[0]!.unreadable).toBe(true);
  writeFileSync(join(run, 'run.json'), whole);
  await store.refresh();
  expect(store.list()).toMatchObject([{ id, state: 'finished' }]);
  renameSync(run, join(path, 'my best run'));
  await store.refresh();
  expect(store.list().map((s) => s.id)).toEqual(['my best run']);
  expect(store.get('my best run').record.epoch).toBe(3);
  mkdirSync(join(path, 'photos'));
  writeFileSync(join(path, 'a file'), '');
  await store.refresh();
  expect(
    store
      .list()
      .map((s) => s.id)
      .sort(),
  ).toEqual(['my best run', 'photos']);
  rmSync(join(path, 'photos'), { recursive: true });
  await store.refresh();
  expect(store.list()).toHaveLength(1);
});

test.each(['queued', 'preparing', 'running', 'paused', 'stopping'])(
  'a run that was %s when its process died is stopped, and can go on from its last checkpoint',
  async (state) => {
    const folder = await finished();
    await folder.checkpoints.add('9', Buffer.from('nine'));
    await folder.checkpoints.add('10', Buffer.from('ten'));
    edit(folder.path, { state, owner: 2 ** 22 + 12345 });
    const store = await RunStore.open(path);
    expect(store.list()).toMatchObject([{ state: 'stopped', resumable: true }]);
    expect(reasonOf(store, folder.id)).toBe(
      'the program ended while the run was under way, after epoch 3; it can go on from epoch 10',
    );
    expect((await RunFolder.open(folder.path, folder.id)).record.state).toBe('stopped');
  },
);

test('a run under way in another living process is left to it', async () => {
  const folder = await finished();
  edit(folder.path, { state: 'running', owner: process.ppid });
  const store = await RunStore.open(path);
  expect(store.list()).toMatchObject([{ state: 'running' }]);
  expect(store.isForeign(folder.id)).toBe(true);
  await expect(store.delete(folder.id)).rejects.toThrow(/is running/);
  edit(folder.path, { state: 'finished', owner: null });
  await store.look(folder.id);
  expect(store.list()).toMatchObject([{ state: 'finished' }]);
  expect(store.isForeign(folder.id)).toBe(false);
});

test('a clock that is set makes no run of another process a dead one, nor a dead one live', async () => {
  const folder = await finished();
  edit(folder.path, { state: 'running', owner: process.ppid });
  const store = await RunStore.open(path);
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
  try {
    await store.refresh();
    expect(store.isForeign(folder.id)).toBe(true);
  } finally {
    clock.mockRestore();
  }
  const future = Date.now() / 1000 + 3600;
  utimesSync(join(folder.path, 'run.json'), future, future);
  await store.refresh();
  expect(store.isForeign(folder.id)).toBe(true);
  const time = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
  try {
    await store.refresh();
  } finally {
    time.mockRestore();
  }
  expect(store.list()).toMatchObject([{ id: folder.id, state: 'stopped' }]);
});

test('what a process was writing when it died is removed with it, and nothing of a run that has ended', async () => {
  const folder = await finished();
  const part = join(folder.path, 'snapshots', '4.vsp.0123.part');
  writeFileSync(part, 'half');
  await RunStore.open(path);
  expect(existsSync(part)).toBe(true);
  edit(folder.path, { state: 'running', owner: 2 ** 22 + 12345 });
  await RunStore.open(path);
  expect(existsSync(part)).toBe(false);
  expect(existsSync(join(folder.path, 'run.json'))).toBe(true);
});

test('the weights that a run would have started from go with the process that died before it began', async () => {
  const weights = join(path, 'weights');
  writeFileSync(weights, 'tensors');
  const { path: run } = await (await RunStore.open(path)).create(configure('x'), weights);
  const start = join(run, 'start.safetensors');
  expect(readFileSync(start, 'utf8')).toBe('tensors');
  edit(run, { owner: 2 ** 22 + 12345 });
  await RunStore.open(path);
  expect(existsSync(start)).toBe(false);
  expect(existsSync(weights)).toBe(true);
});

test('a run that can not be made leaves no folder, and says where and why', async () => {
  const store = await RunStore.open(path);
  const missing = join(path, 'no such weights');
  await expect(store.create(configure('x'), missing)).rejects.toThrow(
    new RegExp(`^the run can't be kept in ${path}/.*ENOENT.*no such weights`),
  );
  expect(readdirSync(path)).toEqual([]);
  await store.refresh();
  expect(store.empty).toBe(true);
});

test('an unknown run is told with those that there are', async () => {
  const store = await RunStore.open(path);
  expect(() => store.get('x')).toThrow("there is no run 'x'; there is none yet");
  for (const name of ['a', 'b', 'c', 'd', 'e']) mkdirSync(join(path, name));
  await store.refresh();
  expect(() => store.get('x')).toThrow("there is no run 'x'; there are e, d, c and 2 more");
});

test('a run that another process has begun is found by its name', async () => {
  const store = await RunStore.open(path);
  const { id } = await finished('from elsewhere');
  expect(() => store.get(id)).toThrow(/there is no run/);
  await store.look(id);
  expect(store.get(id).record.config.name).toBe('from elsewhere');
});

test('a runs folder that is a file is refused by name', async () => {
  const file = join(path, 'file');
  writeFileSync(file, '');
  await expect(RunStore.open(file)).rejects.toThrow(`the runs folder ${file} can't be used`);
});

test('a runs folder that is taken away is named, and used again once it is back', async () => {
  const { id } = await finished();
  const store = await RunStore.open(path);
  renameSync(path, `${path}-away`);
  await expect(store.refresh()).rejects.toThrow(`the runs folder ${path} can't be used`);
  renameSync(`${path}-away`, path);
  await store.refresh();
  expect(store.list()).toMatchObject([{ id, state: 'finished' }]);
});

test('a run being made while the folder is scanned is not taken for a damaged one', async () => {
  const store = await RunStore.open(path);
  const [folder] = await Promise.all([store.create(configure('new')), store.refresh(), store.refresh()]);
  await store.refresh();
  expect(store.list()).toMatchObject([{ id: folder.id, state: 'queued' }]);
});

test('five hundred runs are listed from memory, without reading their files again', async () => {
  const folder = await finished();
  const text = readFileSync(join(folder.path, 'run.json'));
  for (let i = 0; i < 499; i++) {
    mkdirSync(join(path, `run ${i}`));
    writeFileSync(join(path, `run ${i}`, 'run.json'), text);
  }
  const store = await RunStore.open(path);
  // Damage that a second reading would see.
  for (let i = 0; i < 499; i++) writeFileSync(join(path, `run ${i}`, 'run.json'), '{');
  await store.refresh();
  expect(store.list()).toHaveLength(500);
  expect(store.list().filter((s) => s.unreadable)).toEqual([]);
});
