/** Words and keys for one moment of a run. */
import type { Frame } from '../../../../shared/frame.ts';
import type { BlockDescription, TapDescription } from '../../../../shared/network.ts';
import type { SnapshotInfo } from '../../../../shared/protocol.ts';
import { formatLambda, formatSnapshot } from '../format.ts';
import type { FigureCaption } from '../maps/caption.ts';
import type { FrameKey } from '../state/snapshots.ts';
import type { Text } from '../text/en.ts';

/** All taps that a snapshot has of a block, of one own image or recorded probe, or of all that are recorded; those inside
 * a pair are gone once it is merged. */
export function frameKey(
  run: string,
  snapshot: SnapshotInfo,
  block: BlockDescription,
  own?: number,
  probe?: number,
): FrameKey {
  const taps = block.taps.filter((tap) => !(snapshot.merged && tap.deepOnly)).map((tap) => tap.id);
  return { run, snapshot: snapshot.id, block: block.id, taps, own, probe };
}

export function momentText(snapshot: SnapshotInfo, text: Text): string {
  const epoch = formatSnapshot(snapshot.id);
  return snapshot.merged
    ? text.maps.epochMerged(epoch)
    : text.maps.epochLambda(epoch, formatLambda(snapshot.lambda));
}

/** A frame that can say something of this tap and probe: it holds it, or it is of the merged network, which has lost
 * it. A frame of another block or image, still in sight while the next one loads, says nothing. */
export function frameFor(frame: Frame | null, tap: TapDescription, probe?: number): Frame | null {
  if (!frame || (probe !== undefined && !frame.probes.includes(probe))) return null;
  return frame.taps.some((t) => t.id === tap.id) || (frame.merged && tap.deepOnly) ? frame : null;
}

export function captionOf(
  run: string,
  epoch: string,
  frame: Frame | null,
  tap: TapDescription,
  probe: string,
): FigureCaption {
  return { run, epoch, lambda: frame?.lambda ?? Number.NaN, tap: tap.id, probe };
}
