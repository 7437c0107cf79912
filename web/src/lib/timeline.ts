/** The time axis that charts, slider and maps share: epochs from 0, and the moment right after the merge half an
 * epoch later, so that it has a place of its own. */
import type { TrainingConfig } from '../../../shared/config.ts';
import type { SnapshotInfo } from '../../../shared/protocol.ts';
import { mergeEpoch } from '../../../shared/schedule.ts';

const AFTER_MERGE = 0.5;

export function positionOf(snapshot: Pick<SnapshotInfo, 'id' | 'epoch'>): number {
  return snapshot.epoch + (snapshot.id.endsWith('m') ? AFTER_MERGE : 0);
}

/** Where the axis ends: the last epoch, or the merge after it. */
export function timelineEnd(training: TrainingConfig): number {
  return training.epochs + (mergeEpoch(training) === training.epochs ? AFTER_MERGE : 0);
}

/** The recorded snapshot nearest to a place on the axis; the earlier one of two equally near. */
export function nearestSnapshot(
  snapshots: readonly SnapshotInfo[],
  position: number,
): SnapshotInfo | undefined {
  let best: SnapshotInfo | undefined;
  for (const snapshot of snapshots)
    if (!best || Math.abs(positionOf(snapshot) - position) < Math.abs(positionOf(best) - position))
      best = snapshot;
  return best;
}

/** The snapshot with this id; where there is none, the one recorded nearest to it; 'live' is the latest. */
export function findSnapshot(snapshots: readonly SnapshotInfo[], id: string): SnapshotInfo | undefined {
  if (id === 'live') return snapshots.at(-1);
  const found = snapshots.find((snapshot) => snapshot.id === id);
  if (found) return found;
  const epoch = Number.parseInt(id, 10);
  return Number.isNaN(epoch) ? undefined : nearestSnapshot(snapshots, positionOf({ id, epoch }));
}

/** A part of the axis, in epochs. */
export type Range = readonly [from: number, to: number];

/** The part of the axis that a view shows; the whole of it where the view names none, or less than an epoch of it. */
export function rangeOf(view: { from: number | null; to: number | null }, end: number): Range {
  const from = Math.max(0, view.from ?? 0);
  const to = Math.min(end, view.to ?? end);
  return to - from < 1 ? [0, end] : [from, to];
}

/** What was drawn on the axis, as a view holds it: whole epochs, at least one, and null where it reaches the end. */
export function brushedRange([from, to]: Range, end: number): { from: number | null; to: number | null } {
  const last = Math.floor(end);
  const low = Math.min(last - 1, Math.max(0, Math.round(from)));
  const high = Math.max(low + 1, Math.round(to));
  return { from: low === 0 ? null : low, to: high >= last && to > last - 0.5 ? null : high };
}

/** The snapshots within a range; where there is none, all of them. */
export function snapshotsWithin(
  snapshots: readonly SnapshotInfo[],
  [from, to]: Range,
): readonly SnapshotInfo[] {
  const inside = snapshots.filter((s) => positionOf(s) >= from && positionOf(s) <= to);
  return inside.length > 0 ? inside : snapshots;
}

/** The snapshot `by` places on from a place on the axis, as far as there are; undefined at that end. */
export function stepFrom(
  snapshots: readonly SnapshotInfo[],
  position: number,
  by: number,
): SnapshotInfo | undefined {
  const [before, after] = [
    snapshots.filter((s) => positionOf(s) < position),
    snapshots.filter((s) => positionOf(s) > position),
  ];
  return by < 0 ? before[Math.max(0, before.length + by)] : after[Math.min(after.length, by) - 1];
}

/** The id that someone means who types an epoch, or m for the merge; null for what makes no sense. */
export function readEpoch(text: string, training: TrainingConfig): string | null {
  const word = text.trim().toLowerCase();
  const merge = mergeEpoch(training);
  if (word === 'm') return merge === null ? null : `${merge}m`;
  return /^\d{1,5}m?$/.test(word) ? word.replace(/^0+(?=\d)/, '') : null;
}

/** The list with one item put in its place by `order`, in place of the one that has the same key. */
export function withItem<T>(
  list: readonly T[],
  item: T,
  key: (item: T) => string | number,
  order: (item: T) => number,
): T[] {
  const others = list.filter((other) => key(other) !== key(item));
  const at = others.findIndex((other) => order(other) > order(item));
  return at < 0 ? [...others, item] : [...others.slice(0, at), item, ...others.slice(at)];
}
