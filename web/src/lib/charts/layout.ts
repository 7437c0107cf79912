/** From values to pixels: scales, paths and bands of the small multiples. */
import { line, max, min, scaleLinear, type ScaleLinear } from 'd3';
import type { StageBand } from '../../../../shared/schedule.ts';
import type { Point } from './series.ts';

export type Scale = ScaleLinear<number, number>;

/** Pixels kept free left of the plots for the numbers of the axes, and right of them for half a slider's thumb. */
export const GUTTER = { left: 38, right: 10 } as const;
/** Rows of a panel: its heading, its plot, and the space to the next one. */
export const HEADING = 18;
export const SPACE = 10;

/** The one scale of the time axis: a part of it, or from 0 to `range`, over the width between the gutters. */
export function epochScale(range: number | readonly [number, number], width: number): Scale {
  return scaleLinear(typeof range === 'number' ? [0, range] : range, [
    GUTTER.left,
    Math.max(GUTTER.left + 1, width - GUTTER.right),
  ]);
}

/** Whether a place on the axis is shown. */
export function isShown(x: Scale, position: number): boolean {
  const [from = 0, to = 0] = x.domain();
  return position >= from && position <= to;
}

/** The points that are shown; all where none is. */
export function shownPoints(points: readonly Point[], x: Scale): readonly Point[] {
  const shown = points.filter(([epoch]) => isShown(x, epoch));
  return shown.length > 0 ? shown : points;
}

/** Whole epochs to label, never closer than 40 pixels. */
export function epochTicks(scale: Scale): number[] {
  const [from = 0, to = 0] = scale.range();
  return scale.ticks(Math.max(2, Math.floor((to - from) / 40))).filter((t) => Number.isInteger(t));
}

export interface Panel {
  top: number;
  height: number;
}

/** Stacks panels of these plot heights from `start` down; `top` is where a plot begins, below its heading. */
export function stackPanels<const H extends readonly number[]>(
  heights: H,
  start = 0,
): { panels: { [K in keyof H]: Panel }; height: number } {
  let y = start;
  const panels = heights.map((height) => {
    const top = y + HEADING;
    y = top + height + SPACE;
    return { top, height };
  });
  return { panels: panels as { [K in keyof H]: Panel }, height: y };
}

/** A value axis over all the points given, rounded outwards; without points 0 to 1. */
export function valueScale(
  points: readonly Point[],
  panel: Panel,
  domain?: readonly [number, number],
): Scale {
  const range = [panel.top + panel.height, panel.top];
  if (domain) return scaleLinear(domain, range);
  const low = min(points, (p) => p[1]) ?? 0;
  const high = max(points, (p) => p[1]) ?? 1;
  const pad = low === high ? Math.abs(low) * 0.1 || 0.5 : 0;
  return scaleLinear([low - pad, high + pad], range).nice(3);
}

/** SVG path of a curve; '' without points. */
export function curve(points: readonly Point[], x: Scale, y: Scale): string {
  return (
    line<Point>()
      .x((p) => x(p[0]))
      .y((p) => y(p[1]))
      .digits(1)(points) ?? ''
  );
}

/** SVG path of one place on the time axis: a vertical line through the plot of every panel. */
export function verticals(place: number, panels: readonly Panel[]): string {
  return panels.map(({ top, height }) => `M${place.toFixed(1)},${top}v${height}`).join('');
}

export interface BandBox extends StageBand {
  x: number;
  width: number;
}

/** The stages' bands in pixels, as far as the axis shows them: epoch e spans e - 1 to e, and the last band reaches to
 * the axis' end. */
export function bandBoxes(bands: readonly StageBand[], x: Scale): BandBox[] {
  const [first = 0, end = 0] = x.domain();
  return bands.flatMap((band, i): BandBox[] => {
    const from = Math.max(first, band.from - 1);
    const to = i === bands.length - 1 ? end : Math.min(end, band.to);
    return to > from ? [{ ...band, x: x(from), width: x(to) - x(from) }] : [];
  });
}
