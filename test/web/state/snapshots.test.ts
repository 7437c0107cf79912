import { expect, test, vi } from 'vitest';
import type { Frame } from '../../../shared/frame.ts';
import { exactTap } from '../../../shared/frame.ts';
import { type FrameKey, type FrameReader, SnapshotCache } from '../../../web/src/lib/state/snapshots.ts';

const frame = (epoch: number, values = 4): Frame => ({
  epoch,
  step: 0,
  lambda: 1,
  merged: false,
  loss: null,
  accuracy: null,
  probes: [0],
  taps: [exactTap('stem.out', [1, 1, 1, values], new Float32Array(values))],
});
const key = (snapshot: string): FrameKey => ({ run: 'r', snapshot, block: 'stem', taps: ['stem.out'] });
const patient = new AbortController().signal;

test('a frame is fetched once and then found', async () => {
  const read = vi.fn(async (_run: string, snapshot: string) => frame(Number(snapshot)));
  const cache = new SnapshotCache(1000, read);
  expect(cache.peek(key('3'))).toBeNull();
  const first = await cache.get(key('3'), patient);
  expect(await cache.get(key('3'), patient)).toBe(first);
  expect(cache.peek(key('3'))).toBe(first);
  expect(read).toHaveBeenCalledTimes(1);
});

test('an own image is asked for alone, and kept apart from the recorded probes', async () => {
  const read = vi.fn(async (...[, , , , probes]: Parameters<FrameReader>) => frame(probes?.[0] ?? 0));
  const cache = new SnapshotCache(1000, read);
  expect((await cache.get({ ...key('3'), own: 12 }, patient)).epoch).toBe(12);
  expect(cache.peek(key('3'))).toBeNull();
  expect((await cache.get(key('3'), patient)).epoch).toBe(0);
  expect(cache.peek({ ...key('3'), own: 12 })?.epoch).toBe(12);
  expect(read.mock.calls.map(([, , , , probes]) => probes)).toEqual([[12], undefined]);
});

test('one recorded probe is asked for alone, and found in the frame of all of them', async () => {
  const read = vi.fn(async (...[, , , , probes]: Parameters<FrameReader>) => frame(probes?.[0] ?? 9));
  const cache = new SnapshotCache(1000, read);
  const one = { ...key('3'), probe: 4 };
  expect((await cache.get(one, patient)).epoch).toBe(4);
  expect(cache.peek({ ...key('3'), probe: 5 })).toBeNull();
  expect(cache.peek(key('3'))).toBeNull();
  expect((await cache.get(key('3'), patient)).epoch).toBe(9);
  for (const probe of [4, 5, undefined]) expect(cache.peek({ ...key('3'), probe })?.epoch).toBe(9);
  await cache.get({ ...key('3'), probe: 5 }, patient);
  expect(read.mock.calls.map(([, , , , probes]) => probes)).toEqual([[4], undefined]);
});

test('one recorded probe waits for the frame of all of them where that is under way', async () => {
  const read = vi.fn(async () => frame(1));
  const cache = new SnapshotCache(1000, read);
  const [all, one] = [cache.get(key('1'), patient), cache.get({ ...key('1'), probe: 2 }, patient)];
  expect(await one).toBe(await all);
  expect(read).toHaveBeenCalledTimes(1);
});

test('equal requests under way share one fetch', async () => {
  const read = vi.fn(async () => frame(1));
  const cache = new SnapshotCache(1000, read);
  const [a, b] = await Promise.all([cache.get(key('1'), patient), cache.get(key('1'), patient)]);
  expect(a).toBe(b);
  expect(read).toHaveBeenCalledTimes(1);
});

test('the frame used longest ago makes room', async () => {
  const cache = new SnapshotCache(32, async (_run, snapshot) => frame(Number(snapshot)));
  await cache.get(key('1'), patient);
  await cache.get(key('2'), patient);
  cache.peek(key('1'));
  await cache.get(key('3'), patient);
  expect(cache.peek(key('2'))).toBeNull();
  expect(cache.peek(key('1'))?.epoch).toBe(1);
  expect(cache.bytes).toBe(32);
});

test('a frame larger than the budget is still kept while it is the only one', async () => {
  const cache = new SnapshotCache(8, async () => frame(1, 100));
  await cache.get(key('1'), patient);
  expect(cache.peek(key('1'))).not.toBeNull();
});

test('a fetch is aborted only when nobody waits for it any more', async () => {
  let signal: AbortSignal | undefined;
  const cache = new SnapshotCache(
    1000,
    (_run, _snapshot, _taps, s) =>
      new Promise((_, reject) => {
        signal = s;
        s.addEventListener('abort', () => reject(s.reason as Error));
      }),
  );
  const [first, second] = [new AbortController(), new AbortController()];
  const waits = [cache.get(key('1'), first.signal), cache.get(key('1'), second.signal)];
  first.abort();
  await expect(waits[0]).rejects.toThrow();
  expect(signal?.aborted).toBe(false);
  second.abort();
  await expect(waits[1]).rejects.toThrow();
  expect(signal?.aborted).toBe(true);
});

test('who gives up and asks anew in one go waits for the fetch that is under way', async () => {
  let answer!: (frame: Frame) => void;
  const read = vi.fn(() => new Promise<Frame>((resolve) => (answer = resolve)));
  const cache = new SnapshotCache(1000, read);
  const before = new AbortController();
  const gone = cache.get(key('1'), before.signal);
  before.abort();
  const again = cache.get(key('1'), patient);
  await expect(gone).rejects.toThrow();
  answer(frame(1));
  expect((await again).epoch).toBe(1);
  expect(read).toHaveBeenCalledOnce();
});

test('a failed fetch is told to the one who asked, and tried anew the next time', async () => {
  const read = vi
    .fn<() => Promise<Frame>>()
    .mockRejectedValueOnce(new Error('gone'))
    .mockResolvedValueOnce(frame(1));
  const cache = new SnapshotCache(1000, read);
  await expect(cache.get(key('1'), patient)).rejects.toThrow('gone');
  expect((await cache.get(key('1'), patient)).epoch).toBe(1);
});
