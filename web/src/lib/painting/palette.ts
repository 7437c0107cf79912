/** The 256 colours of each colour map, from d3's interpolators, packed for ImageData. */
import { interpolateGreys, interpolateMagma, interpolateRdBu, interpolateViridis, rgb } from 'd3';
import type { ColourMapId } from '../../../../shared/colour.ts';

/** Colour maps in data order: position 0 is the low end. Diverging runs from blue (negative) to red. */
const INTERPOLATORS: Record<ColourMapId, (t: number) => string> = {
  viridis: interpolateViridis,
  magma: interpolateMagma,
  grey: (t) => interpolateGreys(1 - t),
  diverging: (t) => interpolateRdBu(1 - t),
};

const cache = new Map<ColourMapId, Uint32Array>();

/** A colour map as 256 packed RGBA pixels: viewed as bytes, each is red, green, blue, alpha (255). */
export function palette(id: ColourMapId): Uint32Array {
  let table = cache.get(id);
  if (!table) {
    const bytes = new Uint8Array(256 * 4);
    for (let i = 0; i < 256; i++) {
      const { r, g, b } = rgb(INTERPOLATORS[id](i / 255));
      bytes.set([r, g, b, 255], 4 * i);
    }
    table = new Uint32Array(bytes.buffer);
    cache.set(id, table);
  }
  return table;
}

/** The colour at position t (0 to 1) as CSS text, `rgb(r, g, b)`: the same one that is painted there. */
export function cssColour(id: ColourMapId, t: number): string {
  const index = Math.round(Math.min(1, Math.max(0, t)) * 255);
  const [r, g, b] = new Uint8Array(palette(id).buffer, 4 * index, 3);
  return `rgb(${r}, ${g}, ${b})`;
}
