import { expect, test } from 'vitest';
import { resolveRun } from '../../shared/presets.ts';
import type { SnapshotInfo } from '../../shared/protocol.ts';
import {
  findSnapshot,
  nearestSnapshot,
  positionOf,
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
