/** Recorded frames, compared. */
import { expect } from 'vitest';
import { readMap, type Frame, type FrameTap } from '../../../shared/frame.ts';

/** Each map of one probe is that of the other, as far as both are quantised. */
export function expectSame(one: Frame, first: number, other: Frame, second: number): void {
  expect(one.taps.map((tap) => tap.id)).toEqual(other.taps.map((tap) => tap.id));
  const step = (tap: FrameTap, c: number): number =>
    tap.encoding === 'u8' ? (tap.maximum[c]! - tap.minimum[c]!) / 255 : 0;
  one.taps.forEach((tap, t) => {
    const same = other.taps[t]!;
    for (let c = 0; c < tap.shape[1]; c++) {
      const tolerance = (step(tap, c) + step(same, c)) / 2 + 1e-4 * Math.abs(tap.maximum[c]!) + 1e-5;
      const wanted = readMap(same, second, c);
      readMap(tap, first, c).forEach((v, i) => {
        if (Math.abs(v - wanted[i]!) > tolerance)
          expect(v, `${tap.id}, channel ${c}`).toBeCloseTo(wanted[i]!);
      });
    }
  });
}
