import { expect, test } from 'vitest';
import { resolveRun } from '../../shared/presets.ts';
import type { SnapshotInfo } from '../../shared/protocol.ts';
import {
  brushedRange,
  findSnapshot,
  nearestSnapshot,
  positionOf,
  rangeOf,
  readEpoch,
  snapshotsWithin,
  stepFrom,
  timelineEnd,
  withItem,
} from '../../web/src/lib/timeline.ts';

const shape = {
  id: 'shapes',
  inputSize: 32,
  inputChannels: 3,
  classes: ['disc', 'square'],
  allowsFlip: true,
  allowsCrop: true,
} as const;
const snapshot = (id: string, lambda = 1): SnapshotInfo => ({
  id,
  epoch: Number.parseInt(id, 10),
  lambda,
  merged: id.endsWith('m'),
  bytes: 1,
});
const list = ['0', '5', '10', '10m'].map((id) => snapshot(id));

test('the moment right after the merge stands half an epoch after its epoch', () => {
  expect(list.map(positionOf)).toEqual([0, 5, 10, 10.5]);
});

test('the axis reaches past the last epoch only where the merge is at the end', () => {
  const end = (mergeBeforeEnd: number | null): number =>
    timelineEnd(
      resolveRun({ data: { dataset: 'shapes' }, training: { epochs: 20, mergeBeforeEnd } }, shape).training,
    );
  expect([end(0), end(3), end(null)]).toEqual([20.5, 20, 20]);
});

test('a place on the axis snaps to the nearest snapshot, and to the earlier of two equally near', () => {
  expect(nearestSnapshot(list, 2.5)?.id).toBe('0');
  expect(nearestSnapshot(list, 2.6)?.id).toBe('5');
  expect(nearestSnapshot(list, 99)?.id).toBe('10m');
  expect(nearestSnapshot([], 3)).toBeUndefined();
});

test('a snapshot is found by its id, live is the latest, and an unrecorded epoch gives its neighbour', () => {
  expect(findSnapshot(list, '10m')?.id).toBe('10m');
  expect(findSnapshot(list, 'live')?.id).toBe('10m');
  expect(findSnapshot(list, '7')?.id).toBe('5');
  expect(findSnapshot(list, 'x')).toBeUndefined();
  expect(findSnapshot([], 'live')).toBeUndefined();
});

test('an item takes its place in order, and replaces the one with the same key', () => {
  const put = (item: SnapshotInfo): SnapshotInfo[] => withItem(list, item, (s) => s.id, positionOf);
  expect(put(snapshot('7')).map((s) => s.id)).toEqual(['0', '5', '7', '10', '10m']);
  expect(put(snapshot('12')).at(-1)?.id).toBe('12');
  const replaced = put(snapshot('5', 0.25));
  expect(replaced.map((s) => s.id)).toEqual(['0', '5', '10', '10m']);
  expect(replaced[1]?.lambda).toBe(0.25);
});

test('a view without a range, or with less than an epoch, shows the whole axis', () => {
  expect(rangeOf({ from: null, to: null }, 20.5)).toEqual([0, 20.5]);
  expect(rangeOf({ from: 4, to: null }, 20.5)).toEqual([4, 20.5]);
  expect(rangeOf({ from: 4, to: 99 }, 20)).toEqual([4, 20]);
  expect(rangeOf({ from: 12, to: 4 }, 20)).toEqual([0, 20]);
  expect(rangeOf({ from: 12, to: 12.5 }, 20)).toEqual([0, 20]);
});

test('what is drawn on the axis becomes whole epochs, and null where it reaches an end', () => {
  expect(brushedRange([3.4, 7.6], 20.5)).toEqual({ from: 3, to: 8 });
  expect(brushedRange([0.2, 7], 20.5)).toEqual({ from: null, to: 7 });
  expect(brushedRange([11, 20.4], 20.5)).toEqual({ from: 11, to: null });
  expect(brushedRange([5.1, 5.3], 20)).toEqual({ from: 5, to: 6 });
  expect(brushedRange([19.9, 20], 20)).toEqual({ from: 19, to: null });
  expect(rangeOf(brushedRange([20.3, 20.5], 20.5), 20.5)).toEqual([19, 20.5]);
});

test('steps go from snapshot to snapshot and stop at the last one within the range', () => {
  const id = (from: number, by: number, range: readonly [number, number] = [0, 11]): string | undefined =>
    stepFrom(snapshotsWithin(list, range), from, by)?.id;
  expect([id(5, 1), id(5, -1), id(0, 3), id(5, 9), id(5, -9)]).toEqual(['10', '0', '10m', '10m', '0']);
  expect([id(0, -1), id(10.5, 1)]).toEqual([undefined, undefined]);
  expect([id(5, 1, [0, 10]), id(10, 1, [0, 10])]).toEqual(['10', undefined]);
});

test('a step from outside the range goes into it', () => {
  const inside = snapshotsWithin(list, [4, 10]);
  expect([stepFrom(inside, 0, 1)?.id, stepFrom(inside, 10.5, -1)?.id]).toEqual(['5', '10']);
  expect(stepFrom(inside, 10.5, 1)).toBeUndefined();
});

test('a range without snapshots has all of them', () => {
  expect(snapshotsWithin(list, [6, 9])).toEqual(list);
});

test('an epoch is typed as a number, the merge as m', () => {
  const training = resolveRun({ data: { dataset: 'shapes' }, training: { epochs: 20 } }, shape).training;
  const read = (text: string): string | null => readEpoch(text, training);
  expect([read('12'), read(' 007 '), read('0'), read('20m'), read('M')]).toEqual([
    '12',
    '7',
    '0',
    '20m',
    '20m',
  ]);
  expect([read(''), read('-1'), read('1.5'), read('last'), read('1234567')]).toEqual(Array(5).fill(null));
  expect(readEpoch('m', { ...training, mergeBeforeEnd: null })).toBeNull();
});
