import { expect, test, vi } from 'vitest';
import { exactTap, quantiseTap, type Frame } from '../../../shared/frame.ts';
import { ReachTable, type ReachRequest } from '../../../web/src/lib/maps/reaches.ts';
import type { FrameReader } from '../../../web/src/lib/state/snapshots.ts';

/** A frame of one channel of 1 × 4 pixels a tap, that grows by the snapshot's number. */
const frame = (snapshot: string, taps: readonly string[]): Frame => ({
  epoch: Number(snapshot),
  ...{ step: 0, lambda: 1, merged: false, loss: null, accuracy: null, probes: [0] },
  taps: taps.map((id) =>
    quantiseTap(id, [1, 1, 1, 4], Float32Array.of(-Number(snapshot), 0, 1, 2 * Number(snapshot))),
  ),
});
const reader = () => vi.fn<FrameReader>(async (_run, snapshot, taps) => frame(snapshot, taps));
const request = (snapshots: readonly string[], change: Partial<ReachRequest> = {}): ReachRequest => ({
  run: 'r',
  snapshots: snapshots.map((id) => ({ id, taps: ['stem.out'] })),
  ...{ mode: 'channel', clip: 0, exact: [] },
  ...change,
});
const patient = new AbortController().signal;
const silent = (): void => undefined;

test('the reach of each snapshot is read once, from its ranges alone, and then known', async () => {
  const read = reader();
  const table = new ReachTable(read);
  const left: number[] = [];
  await table.fill(request(['1', '2', '3', '4', '5']), patient, (more) => left.push(more));
  expect(left).toEqual([4, 3, 2, 1, 0]);
  expect(read).toHaveBeenCalledTimes(5);
  expect(read.mock.calls[0]!.slice(0, 3)).toEqual(['r', '1', ['stem.out']]);
  expect(read.mock.calls[0]![4]).toEqual([]);
  const reach = table.get('r', '3', 'stem.out', { mode: 'channel', clip: 0 })!;
  expect([reach.least[0], reach.most[0]]).toEqual([-3, 6]);
  await table.fill(request(['1', '2', '3', '4', '5', '6']), patient, silent);
  expect(read).toHaveBeenCalledTimes(6);
});

test('only the taps that are missing are asked for', async () => {
  const read = reader();
  const table = new ReachTable(read);
  await table.fill(request(['1']), patient, silent);
  const wider = request([], { snapshots: [{ id: '1', taps: ['stem.out', 'stages.0.out'] }] });
  expect(table.missing(wider)).toEqual([{ id: '1', taps: ['stages.0.out'] }]);
  await table.fill(wider, patient, silent);
  expect(read.mock.calls[1]![2]).toEqual(['stages.0.out']);
});

test('of taps that are recorded exactly every value is read', async () => {
  const read = reader();
  const table = new ReachTable(read);
  const taps = ['stem.out', 'logits'];
  await table.fill(request([], { snapshots: [{ id: '1', taps }], exact: ['logits'] }), patient, silent);
  expect(read.mock.calls.map(([, , taps, , probes]) => [taps, probes])).toEqual([
    [['stem.out'], []],
    [['logits'], undefined],
  ]);
});

test('without clipping every mode follows from one reading; a clipped range needs all probes', async () => {
  const read = reader();
  const table = new ReachTable(read);
  await table.fill(request(['2']), patient, silent);
  expect(table.missing(request(['2'], { mode: 'network' }))).toEqual([]);
  const clipped = request(['2'], { mode: 'block', clip: 0.3 });
  await table.fill(clipped, patient, silent);
  expect(read.mock.calls[1]![4]).toBeUndefined();
  expect(table.get('r', '2', 'stem.out', clipped)!.most[0]).toBeLessThan(2.1);
  expect(table.missing(request(['2'], { mode: 'network', clip: 0.3 }))).toEqual([]);
});

test('a failure or the signal ends the reading, and what was read stays', async () => {
  const table = new ReachTable(async (_run, snapshot, taps) => {
    if (snapshot === '2') throw new Error('gone');
    return { ...frame(snapshot, taps), taps: [exactTap('stem.out', [1, 1, 1, 2], Float32Array.of(1, 2))] };
  });
  await expect(table.fill(request(['1', '2']), patient, silent)).rejects.toThrow('gone');
  expect(table.missing(request(['1', '2']))).toEqual([{ id: '2', taps: ['stem.out'] }]);
  const ended = AbortSignal.abort(new Error('left'));
  await expect(table.fill(request(['3']), ended, silent)).rejects.toThrow('left');
});
