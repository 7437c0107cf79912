/** Where everything stands on an exported figure: maps, caption, colour bar. Pure; lengths are pixels of the PNG. */
import { ScopeError } from '../../../../shared/errors.ts';
import { gridOf, type GridLayout } from './layout.ts';

/** Largest side that every browser's canvas takes. */
const LARGEST_SIDE = 16384;

export interface FigureOptions {
  maps: { count: number; height: number; width: number };
  /** Pixels of the figure per pixel of a map; an integer. */
  scale: number;
  /** Caption, a statement a line; each wraps where it must, between words. */
  caption: readonly string[];
  /** Width of a text at a size, as the canvas will draw it. */
  measure: (text: string, size: number) => number;
}

export interface FigureLayout {
  width: number;
  height: number;
  textSize: number;
  /** The grid and its top left corner. */
  grid: GridLayout;
  gridX: number;
  gridY: number;
  bar: { x: number; y: number; width: number; height: number };
  /** Baseline of the numbers under the bar. */
  tickY: number;
  /** Wrapped caption with the baselines of its lines. */
  lines: { text: string; x: number; y: number }[];
}

/** Breaks a text between words so that no line is wider than `width`; a longer word stays whole. */
export function wrapText(text: string, width: number, measure: (text: string) => number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && measure(`${last} ${word}`) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Columns that make a grid of maps about one and a half times as wide as high. */
export function figureColumns(count: number, height: number, width: number): number {
  return Math.max(1, Math.min(count, Math.ceil(Math.sqrt((1.5 * count * height) / width))));
}

/** Maps on top, colour bar and caption below. Throws INVALID_CONFIG where no canvas could hold the figure. */
export function figureLayout({ maps, scale, caption, measure }: FigureOptions): FigureLayout {
  if (!Number.isInteger(scale) || scale < 1)
    throw new ScopeError('INVALID_CONFIG', `a figure's scale is ${scale}; a whole number from 1 is valid`, {
      field: 'scale',
    });
  const columns = figureColumns(maps.count, maps.height, maps.width);
  const gap = maps.count > 1 ? Math.max(1, Math.round(scale / 2)) + 1 : 0;
  const grid = gridOf({
    count: maps.count,
    mapHeight: maps.height,
    mapWidth: maps.width,
    scale,
    gap,
    columns,
  });
  const textSize = Math.round(Math.min(36, Math.max(12, grid.width / 56)));
  const margin = textSize;
  const inner = Math.max(grid.width, 24 * textSize);
  const gridX = margin + Math.floor((inner - grid.width) / 2);
  const bar = {
    x: margin,
    y: margin + grid.height + textSize,
    width: Math.min(inner, 30 * textSize),
    height: Math.round(0.8 * textSize),
  };
  const tickY = bar.y + bar.height + Math.round(1.25 * textSize);
  const wrapped = caption.flatMap((line) => wrapText(line, inner, (text) => measure(text, textSize)));
  const pitch = Math.round(1.4 * textSize);
  const firstLine = tickY + Math.round(1.9 * textSize);
  const lines = wrapped.map((text, i) => ({ text, x: margin, y: firstLine + i * pitch }));
  const width = inner + 2 * margin;
  const height = (lines.at(-1)?.y ?? tickY) + Math.round(0.35 * textSize) + margin;
  if (width > LARGEST_SIDE || height > LARGEST_SIDE)
    throw new ScopeError(
      'INVALID_CONFIG',
      `a figure of ${width} × ${height} pixels is too large; a scale of at most ${Math.max(1, Math.floor((scale * LARGEST_SIDE) / Math.max(width, height)))} is valid`,
      { field: 'scale' },
    );
  return { width, height, textSize, grid, gridX, gridY: margin, bar, tickY, lines };
}
