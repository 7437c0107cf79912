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

test('the neighbours are fetched for the probe at hand, and after a rest every probe of what is in sight', () => {
  const read = vi.fn<FrameReader>(() => new Promise(() => undefined));
  const asked = (): unknown[] => read.mock.calls.map(([, snapshot, , , probes]) => [snapshot, probes]);
  const stop = prefetchAround(new SnapshotCache(1000, read), snapshots, snapshots[2], key, [
    snapshots[0],
    undefined,
    snapshots[2],
  ]);
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
  expect(signals.every((signal) => signal.aborted)).toBe(true);
});

test('who goes on before the rest fetches no other probe', () => {
  const read = vi.fn<FrameReader>(() => new Promise(() => undefined));
  prefetchAround(new SnapshotCache(1000, read), snapshots, snapshots[0], key)();
  vi.runAllTimers();
  expect(read).toHaveBeenCalledTimes(1);
});

test('one probe is needed, but all where channels are judged by all of them', () => {
  const needed = (change: Partial<ViewState>): number | undefined =>
    neededProbe({ view: { ...parseView(''), ...change }, probe: 3 });
  expect(needed({})).toBe(3);
  expect(needed({ sort: 'contrast' })).toBe(3);
  expect(needed({ sort: 'deadFraction' })).toBeUndefined();
  expect(needed({ alive: true })).toBeUndefined();
});
