/** All blocks at once: one tap of each. */
import type { BlockDescription, TapDescription, TapKind } from '../../../../shared/network.ts';
import type { SnapshotInfo } from '../../../../shared/protocol.ts';
import type { FrameKey } from '../state/snapshots.ts';

/** What stands for a kind of tap where a block has none, nearest first: what comes of the value there, else what it
 * came from. Every block has one of each list. */
const NEAREST: Readonly<Record<TapKind, readonly TapKind[]>> = {
  pre: ['pre', 'conv2', 'logits'],
  act: ['act', 'conv2', 'logits'],
  conv2: ['conv2', 'logits'],
  pool: ['pool', 'conv2', 'pooled'],
  relu: ['relu', 'out', 'logits'],
  out: ['out', 'logits'],
  pooled: ['pooled', 'out'],
  logits: ['logits', 'out'],
};

/** The tap of this kind, or the nearest one that the block has, in the merged network or in the deep one. */
export function nearestTap(block: BlockDescription, kind: TapKind, merged: boolean): TapDescription {
  const there = block.taps.filter((tap) => !merged || !tap.deepOnly);
  for (const wanted of NEAREST[kind]) {
    const tap = there.find((t) => t.kind === wanted);
    if (tap) return tap;
  }
  return there.at(-1)!;
}

/** One tap of every block, in the order of the data. */
export function stripTaps(
  blocks: readonly BlockDescription[],
  kind: TapKind,
  merged: boolean,
): TapDescription[] {
  return blocks.map((block) => nearestTap(block, kind, merged));
}

/** These taps, as far as a snapshot has them, under a name of their own in the cache of frames; of one own image or
 * recorded probe, or of all that are recorded. */
export function stripsKey(
  run: string,
  snapshot: SnapshotInfo,
  taps: readonly TapDescription[],
  own?: number,
  probe?: number,
): FrameKey {
  const ids = taps.filter((tap) => !(snapshot.merged && tap.deepOnly)).map((tap) => tap.id);
  return { run, snapshot: snapshot.id, block: ids.join(), taps: ids, own, probe };
}
