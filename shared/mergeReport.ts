/** What comparing a deep network with its merged copy gives; part of the protocol. */
import { Type, type Static } from 'typebox';

const Difference = Type.Object({
  maxAbsolute: Type.Number(),
  /** Relative to the largest absolute value of the deep network. */
  maxRelative: Type.Number(),
});
const Cost = Type.Object({
  /** Convolutions in a row: pairs count twice. */
  layers: Type.Integer(),
  parameters: Type.Integer(),
  /** For one image, a multiplication with its addition counted once. */
  flops: Type.Number(),
  /** Median time of one inference of all probes. */
  milliseconds: Type.Number(),
});

/** A deep network beside its merged copy on the same probes. At λ > 0 a forecast: what merging now would change. */
export const MergeReport = Type.Object({
  lambda: Type.Number(),
  forecast: Type.Boolean(),
  probes: Type.Integer(),
  /** Taps that both networks have, in the order of the data, logits among them. */
  taps: Type.Array(Type.Intersect([Type.Object({ tap: Type.String() }), Difference])),
  logits: Difference,
  /** Share of the probes, 0 to 1, of which both predict the same class. */
  agreement: Type.Number(),
  deep: Cost,
  merged: Cost,
});
export type MergeReport = Static<typeof MergeReport>;
