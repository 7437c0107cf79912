/** Feature maps → pixels. Works on plain arrays: `pixels` is a Uint32Array over ImageData's bytes, or any other. */
import type { Scale } from '../../../../shared/colour.ts';
import type { FrameTap } from '../../../../shared/frame.ts';
import type { GridLayout } from './layout.ts';

/** Colours of the 256 quantised values of one channel: value, normalisation and palette folded into one table. */
export function fillLookup(
  lookup: Uint32Array,
  palette: Uint32Array,
  minimum: number,
  maximum: number,
  low: number,
  high: number,
): void {
  // Position in the palette is linear in the quantised value: start + q · slope, rounded.
  const slope = (maximum - minimum) / (high - low);
  const start = (255 * (minimum - low)) / (high - low) + 0.5;
  for (let q = 0; q < 256; q++) {
    const position = start + q * slope;
    lookup[q] = palette[position < 0 ? 0 : position >= 255 ? 255 : position | 0]!;
  }
}

/** A picture that maps are painted into: row-major packed RGBA. */
export interface Surface {
  pixels: Uint32Array;
  width: number;
}

/**
 * Paints the maps of one probe as a grid: cell i shows channel `channels[i]`. Gaps and cells beyond the last keep
 * what was there. `position` is the probe's place in the tap, not its index in the run.
 */
export function paintMaps(
  surface: Surface,
  layout: GridLayout,
  tap: FrameTap,
  position: number,
  channels: ArrayLike<number>,
  scale: Scale,
  palette: Uint32Array,
): void {
  const count = Math.min(layout.count, channels.length);
  if (tap.encoding === 'u8') paintQuantised(surface, layout, tap, position, channels, count, scale, palette);
  else paintExact(surface, layout, tap, position, channels, count, scale, palette);
}

function paintQuantised(
  { pixels, width }: Surface,
  layout: GridLayout,
  tap: FrameTap,
  position: number,
  channels: ArrayLike<number>,
  count: number,
  { low, high }: Scale,
  palette: Uint32Array,
): void {
  const { columns, mapWidth, mapHeight, scale, gap } = layout;
  const plane = mapWidth * mapHeight;
  const values = tap.values;
  const base = position * tap.shape[1] * plane;
  const lookups = new Uint32Array(columns * 256);
  const tables = Array.from({ length: columns }, (_, i) => lookups.subarray(256 * i, 256 * (i + 1)));
  for (let first = 0, top = 0; first < count; first += columns, top += mapHeight * scale + gap) {
    const cells = Math.min(columns, count - first);
    for (let i = 0; i < cells; i++) {
      const c = channels[first + i]!;
      fillLookup(tables[i]!, palette, tap.minimum[c]!, tap.maximum[c]!, low[c]!, high[c]!);
    }
    for (let y = 0; y < mapHeight; y++) {
      // One line of pixels through all cells of the grid's row, then copies of it: fewer, longer writes.
      const line = (top + y * scale) * width;
      let at = line;
      for (let i = 0; i < cells; i++, at += gap) {
        const from = base + channels[first + i]! * plane + y * mapWidth;
        const table = 256 * i;
        for (let x = from; x < from + mapWidth; x++) {
          const colour = lookups[table + values[x]!]!;
          for (const end = at + scale; at < end; at++) pixels[at] = colour;
        }
      }
      repeatLine(pixels, line, at - gap - line, width, scale);
    }
  }
}

function paintExact(
  { pixels, width }: Surface,
  layout: GridLayout,
  tap: FrameTap,
  position: number,
  channels: ArrayLike<number>,
  count: number,
  { low, high }: Scale,
  palette: Uint32Array,
): void {
  const { columns, mapWidth, mapHeight, scale, gap } = layout;
  const plane = mapWidth * mapHeight;
  const values = tap.values;
  const base = position * tap.shape[1] * plane;
  for (let first = 0, top = 0; first < count; first += columns, top += mapHeight * scale + gap) {
    const cells = Math.min(columns, count - first);
    for (let y = 0; y < mapHeight; y++) {
      const line = (top + y * scale) * width;
      let at = line;
      for (let i = 0; i < cells; i++, at += gap) {
        const c = channels[first + i]!;
        const slope = 255 / (high[c]! - low[c]!);
        const start = 0.5 - low[c]! * slope;
        const from = base + c * plane + y * mapWidth;
        for (let x = from; x < from + mapWidth; x++) {
          const place = start + values[x]! * slope;
          const colour = palette[place < 0 ? 0 : place >= 255 ? 255 : place | 0]!;
          for (const end = at + scale; at < end; at++) pixels[at] = colour;
        }
      }
      repeatLine(pixels, line, at - gap - line, width, scale);
    }
  }
}

function repeatLine(pixels: Uint32Array, from: number, length: number, width: number, times: number): void {
  for (let k = 1; k < times; k++) pixels.copyWithin(from + k * width, from, from + length);
}
