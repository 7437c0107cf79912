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
