import { afterEach, expect, test, vi } from 'vitest';
import type {} from 'svelte';
import { exactTap, type Frame } from '../../../shared/frame.ts';
import type { TapDescription } from '../../../shared/network.ts';
import { recordingOf, valueAt } from '../../../web/src/lib/painting/tapValues.ts';
import { frameFor } from '../../../web/src/lib/run/moments.ts';
import { FrameSlot } from '../../../web/src/lib/state/slot.svelte.ts';
import { type FrameKey, SnapshotCache } from '../../../web/src/lib/state/snapshots.ts';

const tap = { id: 'stem.out', block: 'stem' } as TapDescription;
const key = (snapshot: string, which: Partial<FrameKey>): FrameKey => ({
  ...{ run: 'r', snapshot, block: 'stem', taps: ['stem.out'] },
  ...which,
});

/** A frame whose one value of a probe is 100 times its epoch, and the probe's index. */
const frameOf = (snapshot: string, probes: readonly number[]): Frame => ({
  ...{ epoch: Number(snapshot), step: 0, lambda: 1, merged: false, loss: null, accuracy: null },
  probes: [...probes],
  taps: [
    exactTap(
      'stem.out',
      [probes.length, 1, 1, 1],
      Float32Array.from(probes, (probe) => 100 * Number(snapshot) + probe),
    ),
  ],
});

/** A slot of which a probe is looked at; the frames that are on their way come when the test says so. */
function bench() {
  let waiting: (() => void)[] = [];
  const cache = new SnapshotCache(
    1e6,
    (_run, snapshot, _taps, _signal, probes = [0, 1, 2]) =>
      new Promise((resolve) => waiting.push(() => resolve(frameOf(snapshot, probes)))),
  );
  const slot = new FrameSlot(cache);
  let leave = (): void => undefined;
  return {
    slot,
    show(snapshot: string, which: Partial<FrameKey>): void {
      leave();
      leave = slot.show(key(snapshot, which));
    },
    async arrive(): Promise<void> {
      for (const come of waiting) come();
      waiting = [];
      await vi.advanceTimersByTimeAsync(0);
    },
    /** The value that is in sight where this probe's belongs. */
    seen(probe: number): number | null {
      const recording = recordingOf(frameFor(slot.frame, tap, probe), tap.id, probe);
      return recording && valueAt(recording, 0, 0, 0);
    },
  };
}
vi.useFakeTimers();
afterEach(() => vi.clearAllTimers());

test('the maps of one probe stay in sight until those of another have come', async () => {
  const { slot, show, arrive, seen } = bench();
  show('3', { probe: 0 });
  await arrive();
  expect(seen(0)).toBe(300);
  show('3', { probe: 2 });
  expect([seen(2), slot.loading]).toEqual([300, true]);
  show('3', { probe: 1 });
  expect(seen(1)).toBe(300);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seen(1)).toBe(300);
  await arrive();
  expect([seen(1), slot.loading]).toEqual([301, false]);
  show('3', { probe: 0 });
  expect(seen(0)).toBe(300);
});

test('where another epoch in sight holds the probe that was chosen, it shows that one', async () => {
  const { show, arrive, seen } = bench();
  show('3', {});
  await arrive();
  show('3', { probe: 1 });
  show('4', { probe: 2 });
  expect(seen(2)).toBe(302);
  await arrive();
  expect(seen(2)).toBe(402);
});

test('other maps stand in for those of an own image only for a while: they may have to be computed', async () => {
  const { show, arrive, seen } = bench();
  show('3', {});
  await arrive();
  show('3', { probe: 1 });
  show('3', { own: 9 });
  expect(seen(9)).toBe(301);
  await vi.advanceTimersByTimeAsync(2000);
  expect(seen(9)).toBeNull();
  await arrive();
  expect(seen(9)).toBe(309);
  await vi.advanceTimersByTimeAsync(2000);
  expect(seen(9)).toBe(309);
});

test('an own image that comes soon takes their place without an empty room between', async () => {
  const { show, arrive, seen } = bench();
  show('3', { probe: 1 });
  await arrive();
  show('3', { own: 9 });
  await vi.advanceTimersByTimeAsync(300);
  expect(seen(9)).toBe(301);
  await arrive();
  expect(seen(9)).toBe(309);
  show('3', { probe: 2 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(seen(2)).toBe(309);
});

test('what stands in is not kept as the other probe’s frame', async () => {
  const { slot, show, arrive } = bench();
  show('3', { probe: 0 });
  await arrive();
  show('3', { probe: 2 });
  expect(slot.at(key('3', { probe: 0 }))?.probes).toEqual([0]);
  await arrive();
  expect(slot.at(key('3', { probe: 2 }))?.taps[0]?.values[0]).toBe(302);
});
