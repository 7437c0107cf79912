/** What a panel of maps looks at besides the moment that it shows. */
import type { SnapshotInfo } from '../../../../shared/protocol.ts';
import type { Scene } from '../run/scene.svelte.ts';
import type { FrameKey, SnapshotCache } from '../state/snapshots.ts';

/** The snapshot that changes are measured from: A where it is pinned, else the one before what is shown. */
export function referenceOf(scene: Pick<Scene, 'a' | 'snapshots' | 'shown'>): SnapshotInfo | undefined {
  const { a, snapshots, shown } = scene;
  return a ?? (shown && snapshots[snapshots.indexOf(shown) - 1]);
}

/** Fetches the neighbours of what is shown ahead, so that a step of the slider finds them, until the returned function
 * is called. */
export function prefetchAround(
  cache: SnapshotCache,
  snapshots: readonly SnapshotInfo[],
  shown: SnapshotInfo | undefined,
  key: (snapshot: SnapshotInfo | undefined) => FrameKey | null,
): () => void {
  const controller = new AbortController();
  const at = shown ? snapshots.indexOf(shown) : -1;
  if (at >= 0)
    for (const neighbour of [snapshots[at + 1], snapshots[at - 1]]) {
      const wanted = key(neighbour);
      if (wanted) cache.prefetch(wanted, controller.signal);
    }
  return () => controller.abort();
}
