import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SnapshotInfo } from '../../../shared/protocol.ts';
import { neededProbe, prefetchAround } from '../../../web/src/lib/maps/prospect.ts';
import { SnapshotCache, type FrameKey, type FrameReader } from '../../../web/src/lib/state/snapshots.ts';
import { parseView, type ViewState } from '../../../web/src/lib/view.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const snapshots = ['0', '1', '2', '3'].map((id): SnapshotInfo => ({
  id,
  epoch: Number(id),
  lambda: 1,
  merged: false,
  bytes: 1,
}));
const key = (snapshot: SnapshotInfo | undefined): FrameKey | null =>
  snapshot ? { run: 'r', snapshot: snapshot.id, block: 'stem', taps: ['stem.out'], probe: 2 } : null;

test('the neighbours are fetched for the probe at hand, and after a rest every probe of what is in sight', async () => {
  const read = vi.fn<FrameReader>(() => new Promise(() => undefined));
  const asked = (): unknown[] => read.mock.calls.map(([, snapshot, , , probes]) => [snapshot, probes]);
  const shown = snapshots[2]!;
  const cache = new SnapshotCache(1000, read);
  const stop = prefetchAround(cache, { snapshots, shown, stride: 1 }, key, [snapshots[0], undefined, shown]);
  expect(asked()).toEqual([
    ['3', [2]],
    ['1', [2]],
  ]);
  vi.runAllTimers();
  expect(asked().slice(2)).toEqual([
    ['0', undefined],
    ['2', undefined],
  ]);
  const signals = read.mock.calls.map(([, , , signal]) => signal);
  stop();
  await Promise.resolve(); // until then, who asks anew goes on with them
  expect(signals.every((signal) => signal.aborted)).toBe(true);
});

test('who goes on before the rest fetches no other probe', () => {
  const read = vi.fn<FrameReader>(() => new Promise(() => undefined));
  prefetchAround(new SnapshotCache(1000, read), { snapshots, shown: snapshots[0], stride: 1 }, key)();
  vi.runAllTimers();
  expect(read).toHaveBeenCalledTimes(1);
});

test('a film that takes longer strides finds the place where it comes next', () => {
  const read = vi.fn<FrameReader>(() => new Promise(() => undefined));
  prefetchAround(new SnapshotCache(1000, read), { snapshots, shown: snapshots[1], stride: 2 }, key)();
  expect(read.mock.calls.map(([, snapshot]) => snapshot)).toEqual(['3', '2', '0']);
});

test('one probe is needed, but all where channels are judged by all of them', () => {
  const needed = (change: Partial<ViewState>): number | undefined =>
    neededProbe({ view: { ...parseView(''), ...change }, probe: 3 });
  expect(needed({})).toBe(3);
  expect(needed({ sort: 'contrast' })).toBe(3);
  expect(needed({ sort: 'deadFraction' })).toBeUndefined();
  expect(needed({ alive: true })).toBeUndefined();
});
