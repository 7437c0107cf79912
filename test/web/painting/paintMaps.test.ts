import { expect, test } from 'vitest';
import { normalise, scaleOf } from '../../../shared/colour.ts';
import { exactTap, quantiseTap, type FrameTap } from '../../../shared/frame.ts';
import { cellOrigin, gridOf } from '../../../web/src/lib/painting/layout.ts';
import { fillLookup, paintMaps } from '../../../web/src/lib/painting/paintMaps.ts';
import { valueAt } from '../../../web/src/lib/painting/tapValues.ts';

/** A palette whose colour is its position, so that pixels can be read back as numbers. */
const RAMP = Uint32Array.from({ length: 256 }, (_, i) => i);
const EMPTY = 0xffffffff;

test('two maps of two pixels are painted pixel for pixel, scaled, with the gap left alone', () => {
  const tap: FrameTap = {
    id: 'stem.relu',
    shape: [1, 2, 1, 2],
    encoding: 'u8',
    minimum: Float32Array.of(0, 0),
    maximum: Float32Array.of(1, 1),
    values: Uint8Array.of(0, 255, 51, 102),
  };
  const layout = gridOf({ count: 2, mapHeight: 1, mapWidth: 2, scale: 2, gap: 1, columns: 2 });
  const pixels = new Uint32Array(layout.width * layout.height).fill(EMPTY);
  const scale = scaleOf([{ tap }], { mode: 'channel', centred: false, clip: 0 });
  paintMaps({ pixels, width: layout.width }, layout, tap, 0, [0, 1], scale, RAMP);
  const line = [0, 0, 255, 255, EMPTY, 51, 51, 102, 102];
  expect([...pixels]).toEqual([...line, ...line]);
});

const shape = [2, 5, 3, 4] as const;
const values = Float32Array.from({ length: 120 }, (_, i) => Math.sin(i * 2.3) * (1 + (i % 7)));

/** Paints every channel on three columns and reads each map pixel's four corners back. */
function check(tap: FrameTap, position: number, centred: boolean, mode: 'channel' | 'block'): void {
  const channels = [4, 2, 0, 1, 3];
  const layout = gridOf({ count: 5, mapHeight: 3, mapWidth: 4, scale: 3, gap: 2, columns: 3 });
  const width = layout.width + 5; // a canvas wider than the grid
  const pixels = new Uint32Array(width * layout.height).fill(EMPTY);
  const scale = scaleOf([{ tap }], { mode, centred, clip: 0 });
  paintMaps({ pixels, width }, layout, tap, position, channels, scale, RAMP);
  let painted = 0;
  channels.forEach((c, cell) => {
    const origin = cellOrigin(layout, cell);
    for (let y = 0; y < 3; y++)
      for (let x = 0; x < 4; x++) {
        const t = normalise(valueAt({ tap, position }, c, x, y), scale.low[c]!, scale.high[c]!);
        for (const dy of [0, 1, 2])
          for (const dx of [0, 1, 2]) {
            const got = pixels[(origin.y + 3 * y + dy) * width + origin.x + 3 * x + dx]!;
            // Rounding may fall either way where the product lies on a half.
            expect(Math.abs(got - t * 255)).toBeLessThanOrEqual(0.5 + 1e-3);
            painted++;
          }
      }
  });
  expect(pixels.filter((pixel) => pixel !== EMPTY).length).toBe(painted);
}

test('quantised maps are painted at the colour of their value, whatever the range', () => {
  const tap = quantiseTap('stem.pre', shape, values);
  for (const mode of ['channel', 'block'] as const) {
    check(tap, 1, true, mode);
    check(tap, 0, true, mode);
  }
});

test('exact maps are painted at the colour of their value', () => {
  check(exactTap('stem.pre', shape, values), 1, true, 'block');
  check(exactTap('stem.relu', shape, values.map(Math.abs)), 0, false, 'channel');
});

test('values beyond the range take the colour of its end', () => {
  const lookup = new Uint32Array(256);
  fillLookup(lookup, RAMP, -2, 2, -1, 1);
  expect([lookup[0], lookup[60], lookup[195], lookup[255]]).toEqual([0, 0, 255, 255]);
  const tap = exactTap('stem.pre', [1, 1, 1, 3], Float32Array.of(-9, 0, 9));
  const pixels = new Uint32Array(3);
  const layout = gridOf({ count: 1, mapHeight: 1, mapWidth: 3, scale: 1, gap: 0, columns: 1 });
  const scale = {
    mode: 'block',
    centred: true,
    clip: 0,
    clipped: 0,
    low: Float32Array.of(-1),
    high: Float32Array.of(1),
  } as const;
  paintMaps({ pixels, width: 3 }, layout, tap, 0, [0], scale, RAMP);
  expect([...pixels]).toEqual([0, 128, 255]);
});
