import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type {} from 'svelte';
import type {
  EpochMetrics,
  ProbeInfo,
  RunSummary,
  SnapshotInfo,
  StepMetrics,
} from '../../../shared/protocol.ts';
import type { Feed, Missed } from '../../../web/src/lib/state/feed.svelte.ts';
import { Listeners } from '../../../web/src/lib/state/listeners.ts';
import { Player } from '../../../web/src/lib/state/player.svelte.ts';
import { Run } from '../../../web/src/lib/state/run.svelte.ts';
import { SlowServer } from './slowServer.ts';

type Events = {
  followed: [string];
  run: [string, RunSummary | null];
  step: [string, StepMetrics];
  epoch: [string, EpochMetrics];
  snapshot: [string, SnapshotInfo];
  probes: [string, ProbeInfo[]];
};

/** A feed without a socket: what is told here is what the server would have sent. */
class FakeFeed {
  readonly listeners = new Listeners<Events>();
  followed: string | null = null;
  missed: Missed | null = null;
  on<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): () => void {
    return this.listeners.add(event, listener);
  }
  follow(id: string): () => void {
    this.followed = id;
    return () => (this.followed = null);
  }
}

const summary = { id: 'r', state: 'running', epoch: 1 } as RunSummary;
const epoch = (n: number): EpochMetrics => ({ epoch: n, testLoss: n }) as EpochMetrics;
const snapshot = (id: string): SnapshotInfo => ({
  id,
  epoch: Number.parseInt(id, 10),
  lambda: 1,
  merged: id.endsWith('m'),
  bytes: 1,
});

let server: Record<string, unknown>;
beforeEach(() => {
  server = {
    '/api/runs/r': { ...summary, lastStep: null },
    '/api/runs/r/metrics': [epoch(0), epoch(1)],
    '/api/runs/r/snapshots': [snapshot('0'), snapshot('1')],
  };
  vi.stubGlobal(
    'fetch',
    vi.fn(async (path: string) =>
      path in server
        ? Response.json(server[path])
        : Response.json({ code: 'NOT_FOUND', message: `no ${path}` }, { status: 404 }),
    ),
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function open(): { run: Run; feed: FakeFeed; close: () => void } {
  const feed = new FakeFeed();
  const run = new Run('r', feed as unknown as Feed);
  return { run, feed, close: run.open() };
}

test('a reload shows everything that REST knows', async () => {
  const { run, feed } = open();
  expect(feed.followed).toBe('r');
  await vi.waitFor(() => expect(run.detail?.id).toBe('r'));
  expect(run.metrics.map((m) => m.epoch)).toEqual([0, 1]);
  expect(run.snapshots.map((s) => s.id)).toEqual(['0', '1']);
});

test('an image that anyone brings to the run is among its probes', async () => {
  const { run, feed } = open();
  await vi.waitFor(() => expect(run.detail).not.toBeNull());
  const probes: ProbeInfo[] = [{ index: 7, label: -1, className: '', own: 'cat.png' }];
  feed.listeners.tell('probes', 'other', []);
  feed.listeners.tell('probes', 'r', probes);
  expect(run.detail).toMatchObject({ id: 'r', probes });
});

test('events that overtake the replies are kept', async () => {
  const { run, feed } = open();
  feed.listeners.tell('epoch', 'r', epoch(2));
  feed.listeners.tell('snapshot', 'r', snapshot('2'));
  await vi.waitFor(() => expect(run.detail).not.toBeNull());
  expect(run.metrics.map((m) => m.epoch)).toEqual([0, 1, 2]);
  expect(run.snapshots.map((s) => s.id)).toEqual(['0', '1', '2']);
});

test('events of other runs change nothing', async () => {
  const { run, feed } = open();
  await vi.waitFor(() => expect(run.detail).not.toBeNull());
  feed.listeners.tell('epoch', 'other', epoch(2));
  feed.listeners.tell('run', 'other', null);
  expect(run.metrics).toHaveLength(2);
  expect(run.deleted).toBe(false);
});

test('what was missed while the connection was lost is read and counted when the run is followed again', async () => {
  const { run, feed, close } = open();
  feed.listeners.tell('followed', 'r');
  await vi.waitFor(() => expect(run.detail).not.toBeNull());
  feed.listeners.tell('followed', 'r');
  await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(9));
  expect(feed.missed).toBeNull();
  server['/api/runs/r/metrics'] = [0, 1, 2, 3].map(epoch);
  server['/api/runs/r/snapshots'] = ['0', '1', '2', '3', '3m'].map(snapshot);
  feed.listeners.tell('followed', 'r');
  await vi.waitFor(() => expect(feed.missed).toEqual({ epochs: 2, snapshots: 3 }));
  expect(run.snapshots.map((s) => s.id)).toEqual(['0', '1', '2', '3', '3m']);
  close();
  expect(feed.missed).toBeNull();
});

/** A run whose replies come when the test says so. */
function openSlowly() {
  const slow = new SlowServer(server);
  vi.stubGlobal('fetch', slow.fetch);
  return { slow, ...open() };
}

test('what happens between the replies and the following is read once the run is followed', async () => {
  const { run, feed, slow } = openSlowly();
  const early = slow.compute();
  slow.state['/api/runs/r'] = { ...summary, state: 'paused', lastStep: null };
  slow.state['/api/runs/r/metrics'] = [0, 1, 2].map(epoch);
  slow.state['/api/runs/r/snapshots'] = ['0', '1', '2'].map(snapshot);
  await early();
  expect(run.detail?.state).toBe('running');
  feed.listeners.tell('followed', 'other');
  feed.listeners.tell('followed', 'r');
  await slow.compute()();
  expect(run.detail?.state).toBe('paused');
  expect(run.metrics).toHaveLength(3);
  expect(run.snapshots).toHaveLength(3);
  expect(feed.missed).toBeNull();
});

test('replies that overtake each other leave the newest', async () => {
  const { run, feed, slow } = openSlowly();
  const early = slow.compute();
  feed.listeners.tell('followed', 'r');
  slow.state['/api/runs/r'] = { ...summary, state: 'finished', lastStep: null };
  await slow.compute()();
  await early();
  expect(run.detail?.state).toBe('finished');
});

test('no reply undoes an event that came while it was on its way', async () => {
  const { run, feed, slow } = openSlowly();
  const early = slow.compute();
  const probes: ProbeInfo[] = [{ index: 7, label: -1, className: '', own: 'cat.png' }];
  const step = { epoch: 2, step: 9 } as StepMetrics;
  feed.listeners.tell('run', 'r', { ...summary, state: 'paused' });
  feed.listeners.tell('step', 'r', step);
  feed.listeners.tell('probes', 'r', probes);
  feed.listeners.tell('epoch', 'r', { ...epoch(1), testLoss: 7 });
  await early();
  expect(run.detail).toMatchObject({ state: 'paused', probes });
  expect(run.step).toEqual(step);
  expect(run.metrics.map((m) => m.testLoss)).toEqual([0, 7]);
});

test('an image that was brought here stays though an older reply lacks it', async () => {
  const { run, feed, slow } = openSlowly();
  await slow.compute()();
  feed.listeners.tell('followed', 'r');
  const early = slow.compute();
  const probes: ProbeInfo[] = [{ index: 7, label: -1, className: '', own: 'cat.png' }];
  run.takeProbes(probes);
  await early();
  expect(run.detail?.probes).toEqual(probes);
});

test('a new state, and a merge, are read with all that they bring and take away', async () => {
  const { run, feed, slow } = openSlowly();
  await slow.compute()();
  slow.state['/api/runs/r/metrics'] = [epoch(0)];
  feed.listeners.tell('run', 'r', { ...summary, epoch: 0, state: 'preparing' });
  await slow.compute()();
  expect(run.metrics.map((m) => m.epoch)).toEqual([0]);
  slow.state['/api/runs/r'] = { ...summary, merged: true, merge: { epoch: 1 }, lastStep: null };
  feed.listeners.tell('run', 'r', { ...summary, merged: true });
  await slow.compute()();
  expect(run.detail?.merge).toEqual({ epoch: 1 });
  feed.listeners.tell('run', 'r', { ...summary, merged: true });
  expect(() => slow.compute()).toThrow('nothing has been asked');
});

test('a closed run listens no more', async () => {
  const { run, feed, close } = open();
  await vi.waitFor(() => expect(run.detail).not.toBeNull());
  close();
  feed.listeners.tell('snapshot', 'r', snapshot('2'));
  expect(run.snapshots).toHaveLength(2);
  expect(feed.followed).toBeNull();
});

test('a run that is not there says so', async () => {
  delete server['/api/runs/r'];
  const { run } = open();
  await vi.waitFor(() => expect(run.error?.status).toBe(404));
  expect(run.error?.message).toBe('no /api/runs/r');
});

test('the film advances a beat at a time until it is at its end', () => {
  vi.useFakeTimers();
  let at = 0;
  const player = new Player(() => ++at < 3, 100);
  player.play();
  vi.advanceTimersByTime(250);
  expect([at, player.playing]).toEqual([2, true]);
  vi.advanceTimersByTime(1000);
  expect([at, player.playing]).toEqual([3, false]);
});

test('a film that runs takes a new pace at once', () => {
  vi.useFakeTimers();
  let at = 0;
  const player = new Player(() => ++at < 100, 1000);
  player.beat = 500;
  vi.advanceTimersByTime(2000);
  expect([at, player.playing]).toEqual([0, false]);
  player.play();
  vi.advanceTimersByTime(1000);
  player.beat = 100;
  vi.advanceTimersByTime(1000);
  expect(at).toBe(12);
  player.pause();
});
