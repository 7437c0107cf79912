/** What a panel of maps looks at besides the moment that it shows. */
import type { SnapshotInfo } from '../../../../shared/protocol.ts';
import type { Scene } from '../run/scene.svelte.ts';
import type { FrameKey, SnapshotCache } from '../state/snapshots.ts';

/** The snapshot that changes are measured from: A where it is pinned, else the one before what is shown. */
export function referenceOf(scene: Pick<Scene, 'a' | 'snapshots' | 'shown'>): SnapshotInfo | undefined {
  const { a, snapshots, shown } = scene;
  return a ?? (shown && snapshots[snapshots.indexOf(shown) - 1]);
}

/** The one recorded probe whose maps are needed; undefined where all of them tell which channels are dead. */
export function neededProbe({ view, probe }: Pick<Scene, 'view' | 'probe'>): number | undefined {
  return view.alive || view.sort === 'deadFraction' ? undefined : probe;
}

/** Milliseconds at rest after which the other probes are fetched too: who drags on, or plays, needs one alone. */
const REST = 600;

/** Fetches the neighbours of what is shown ahead, so that a step of the slider or of a film finds them, and after a rest
 * the other probes of all that is in sight, until the returned function is called. `stride` is the film's, in
 * snapshots. */
export function prefetchAround(
  cache: SnapshotCache,
  { snapshots, shown, stride }: { snapshots: readonly SnapshotInfo[]; shown?: SnapshotInfo; stride: number },
  key: (snapshot: SnapshotInfo | undefined) => FrameKey | null,
  inSight: readonly (SnapshotInfo | undefined)[] = [shown],
): () => void {
  const controller = new AbortController();
  const fetch = (wanted: FrameKey | null): void => {
    if (wanted) cache.prefetch(wanted, controller.signal);
  };
  const at = shown ? snapshots.indexOf(shown) : -1;
  if (at >= 0) for (const step of new Set([stride, 1, -1])) fetch(key(snapshots[at + step]));
  const timer = setTimeout(() => {
    for (const snapshot of inSight) {
      const wanted = key(snapshot);
      fetch(wanted && { ...wanted, probe: undefined });
    }
  }, REST);
  return () => {
    clearTimeout(timer);
    controller.abort();
  };
}
