/** What is measured of a network's feature maps at each snapshot, over the same test images throughout a run; part of
 * the protocol. */
import { Type, type Static } from 'typebox';

/** Means over all images and channels of a block's output [N,H,W,C]; see measures.ts for what each is. */
export const MEASURES = [
  'contrast',
  'totalVariation',
  'highFrequencyShare',
  'entropy',
  'deadFraction',
  'effectiveRank',
] as const;
export type Measure = (typeof MEASURES)[number];

export const BlockMeasures = Type.Object({
  /** `stem`, `stages.0`, …; the head is not measured, it has no maps. */
  block: Type.String(),
  /** Root mean square contrast, in the activations' unit. */
  contrast: Type.Number(),
  /** In the activations' unit. */
  totalVariation: Type.Number(),
  /** 0 to 1. */
  highFrequencyShare: Type.Number(),
  /** Bits, 0 to 8. */
  entropy: Type.Number(),
  /** Share of the channels, 0 to 1, whose ReLU is never above zero on any image. */
  deadFraction: Type.Number(),
  /** Roy and Vetterli 2007: e to the entropy of the normalised singular values of the centred features [N, H·W·C];
   * 1 to N - 1. */
  effectiveRank: Type.Number(),
});
export type BlockMeasures = Static<typeof BlockMeasures>;

export const SnapshotMeasures = Type.Object({
  /** The snapshot's id, epoch, λ, and whether it is of the merged network. */
  snapshot: Type.String(),
  epoch: Type.Integer(),
  lambda: Type.Number(),
  merged: Type.Boolean(),
  /** How many test images were measured: 128, or all where there are fewer. */
  images: Type.Integer(),
  blocks: Type.Array(BlockMeasures),
});
export type SnapshotMeasures = Static<typeof SnapshotMeasures>;
