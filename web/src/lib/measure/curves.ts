/** What the small multiples show of a run's measures; no pixels here. */
import type { Measure, SnapshotMeasures } from '../../../../shared/measurement.ts';
import { positionOf } from '../timeline.ts';
import type { Axis } from '../view.ts';

export interface Dot {
  snapshot: string;
  /** Place on the axis: epochs, or λ. */
  x: number;
  y: number;
}

export interface Curve {
  block: string;
  /** In order of time. */
  dots: Dot[];
}

export function positionAt({ snapshot, epoch }: Pick<SnapshotMeasures, 'snapshot' | 'epoch'>): number {
  return positionOf({ id: snapshot, epoch });
}

/** Blocks that are measured, in the order of the data. */
export function measuredBlocks(list: readonly SnapshotMeasures[]): string[] {
  return list.at(-1)?.blocks.map((b) => b.block) ?? [];
}

/** One measure of every block over the run. */
export function curvesOf(list: readonly SnapshotMeasures[], measure: Measure, axis: Axis): Curve[] {
  return measuredBlocks(list).map((block) => ({
    block,
    dots: list.flatMap((m): Dot[] => {
      const found = m.blocks.find((b) => b.block === block);
      const x = axis === 'epoch' ? positionAt(m) : m.lambda;
      return found ? [{ snapshot: m.snapshot, x, y: found[measure] }] : [];
    }),
  }));
}

/** Lowest and highest value shown, widened where they are equal; 0 to 1 without values. Zero is kept in view where it is
 * near, and nothing below it: no measure is negative. */
export function valueRange(curves: readonly Curve[]): [low: number, high: number] {
  const values = curves.flatMap((curve) => curve.dots.map((dot) => dot.y));
  if (values.length === 0) return [0, 1];
  let low = Math.min(...values);
  const high = Math.max(...values);
  if (low > 0 && low < 0.3 * high) low = 0;
  const pad = low === high ? low * 0.1 || 0.5 : 0;
  return [Math.max(0, low - pad), high + pad];
}

/** The dot nearest to a place; on the λ axis, where many lie above one another, height counts too. */
export function nearestDot(dots: readonly Dot[], distance: (dot: Dot) => number): Dot | undefined {
  let best: Dot | undefined;
  let least = Infinity;
  for (const dot of dots) {
    const d = distance(dot);
    if (d < least) [best, least] = [dot, d];
  }
  return best;
}

/** How dark a line that is not chosen is, 0.25 to 0.7: the deeper the block, the darker. */
export function inkOf(index: number, count: number): number {
  return count > 1 ? 0.25 + (0.45 * index) / (count - 1) : 0.5;
}
