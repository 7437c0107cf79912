/** A map's levels foretold from those before them in the map: left, above, the middle of both, or whichever of left, above and
 * left + above - corner lies in the middle (the median edge detector of LOCO-I). */

export const SPATIAL = ['level', 'left', 'above', 'middle', 'median'] as const;
export type Spatial = (typeof SPATIAL)[number];

/** Runs over `planes` maps of height × width and hands each place the level that was foretold; `known` is read only
 * before the place at hand, so that it may be filled while this runs. */
export function walkMaps(
  known: Uint8Array,
  planes: number,
  height: number,
  width: number,
  by: Spatial,
  visit: (at: number, foretold: number) => void,
): void {
  for (let plane = 0, at = 0; plane < planes; plane++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, at++) {
        if (by === 'level') {
          visit(at, 0);
          continue;
        }
        const above = y > 0 ? known[at - width]! : x > 0 ? known[at - 1]! : 128;
        const left = x > 0 ? known[at - 1]! : above;
        if (by === 'left') visit(at, left);
        else if (by === 'above') visit(at, above);
        else if (by === 'middle') visit(at, (left + above) >> 1);
        else {
          const corner = x > 0 && y > 0 ? known[at - width - 1]! : above;
          const low = left < above ? left : above;
          const high = left < above ? above : left;
          visit(at, corner >= high ? low : corner <= low ? high : left + above - corner);
        }
      }
}

/** Levels from what is left of them: `levels` holds residuals mod 256, and the levels afterwards. The same as walkMaps
 * with a visitor that adds them, many times as fast. */
export function addSpatial(
  levels: Uint8Array,
  planes: number,
  height: number,
  width: number,
  by: Spatial,
): void {
  if (by === 'level') return;
  for (let plane = 0, at = 0; plane < planes; plane++)
    for (let y = 0; y < height; y++) {
      // The first of a row is foretold by the one above it; the first of all is 128.
      let left = (levels[at]! + (y > 0 ? levels[at - width]! : 128)) & 255;
      levels[at++] = left;
      const end = at + width - 1;
      if (y === 0 || by === 'left')
        // What is above the first row is its left neighbour.
        for (; at < end; at++) levels[at] = left = (levels[at]! + left) & 255;
      else if (by === 'above') for (; at < end; at++) levels[at] = levels[at]! + levels[at - width]!;
      else if (by === 'middle')
        for (; at < end; at++) levels[at] = left = (levels[at]! + ((left + levels[at - width]!) >> 1)) & 255;
      else
        for (let corner = levels[at - width - 1]!; at < end; at++) {
          const above = levels[at - width]!;
          const low = left < above ? left : above;
          const high = left < above ? above : left;
          const foretold = corner >= high ? low : corner <= low ? high : left + above - corner;
          levels[at] = left = (levels[at]! + foretold) & 255;
          corner = above;
        }
    }
}
