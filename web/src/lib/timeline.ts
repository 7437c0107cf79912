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
