/** The annealed activation and what it does to recorded values. */
import { bin } from 'd3';

/** λ·ReLU(x) + (1 - λ)·x of the article (paper, eq. 1, with 1 - λ for its λ): 1 a full ReLU, 0 the identity. */
export const annealed = (x: number, lambda: number): number => (x > 0 ? x : (1 - lambda) * x);

export interface Effect {
  /** Share of the values, 0 to 1, that are negative: those that the activation changes. */
  negative: number;
  /** Mean of |act - pre|, in the activations' unit. */
  change: number;
}

/** What the activation does to `pre`. */
export function effectOf(pre: Float32Array, lambda: number): Effect {
  let negative = 0;
  let sum = 0;
  for (const x of pre)
    if (x < 0) {
      negative++;
      sum -= x;
    }
  const count = Math.max(1, pre.length);
  return { negative: negative / count, change: (lambda * sum) / count };
}

export interface Bar {
  from: number;
  to: number;
  /** Share of all values, 0 to 1. */
  share: number;
}

/** How the values spread over [-reach, reach]; what lies beyond counts to the last bar on its side. */
export function histogram(values: Float32Array, reach: number, bars = 48): Bar[] {
  const step = (2 * reach) / bars;
  const edges = Array.from({ length: bars - 1 }, (_, i) => (i + 1) * step - reach);
  const inside = bin<number, number>().domain([-reach, reach]).thresholds(edges)(
    Array.from(values, (v) => Math.min(reach, Math.max(-reach, v))),
  );
  return inside.map((group) => ({
    from: group.x0!,
    to: group.x1!,
    share: values.length > 0 ? group.length / values.length : 0,
  }));
}

/** A round number that the largest magnitude fits under: 1, 2 or 5 times a power of ten. */
export function reachOf(values: Float32Array): number {
  let largest = 0;
  for (const v of values) largest = Math.max(largest, Math.abs(v));
  if (!(largest > 0) || !Number.isFinite(largest)) return 1;
  const power = 10 ** Math.floor(Math.log10(largest));
  return [1, 2, 5, 10].map((times) => times * power).find((round) => round >= largest * (1 - 1e-9))!;
}
