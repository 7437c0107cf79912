import { expect, test } from 'vitest';
import type { Reach } from '../../../shared/colour.ts';
import { exactTap, type FrameTap } from '../../../shared/frame.ts';
import type { TapDescription } from '../../../shared/network.ts';
import { differenceScale, isVector, viewScale } from '../../../web/src/lib/maps/scales.ts';

const describe = (side: number, signed: boolean): TapDescription => ({
  id: 'stem.out',
  block: 'stem',
  kind: 'out',
  shape: [side, side, 2],
  signed,
  deepOnly: false,
});
const mapsTap = (...values: number[]): FrameTap =>
  exactTap('stem.out', [1, 2, 1, 2], Float32Array.from(values));
const maps = (...values: number[]) => ({ tap: mapsTap(...values), position: 0 });
const vectorTap = (...values: number[]): FrameTap =>
  exactTap('stem.out', [1, 2, 1, 1], Float32Array.from(values));
const vector = (...values: number[]) => ({ tap: vectorTap(...values), position: 0 });
const options = { mode: 'channel', clip: 0 } as const;

test('signed taps get a range around zero, others one from zero', () => {
  expect([...viewScale(describe(2, true), [maps(-1, 2, 3, 4)], options)!.low]).toEqual([-2, -4]);
  expect([...viewScale(describe(2, false), [maps(1, 2, 3, 4)], options)!.low]).toEqual([0, 0]);
  expect(viewScale(describe(2, true), [], options)).toBeNull();
});

test('bars share one axis that reaches as far as the values on either side of zero', () => {
  const tap = describe(1, true);
  expect(isVector(tap)).toBe(true);
  const scale = viewScale(tap, [vector(-1, 5), vector(2, 3)], options)!;
  expect([...scale.low, ...scale.high]).toEqual([-1, -1, 5, 5]);
  expect([...viewScale(tap, [vector(0, 0)], options)!.high]).toEqual([1, 1]);
});

test('a difference is drawn on the reach of what it is the difference of, and says what is beyond', () => {
  const tap = describe(2, true);
  const shared = viewScale(tap, [maps(-1, 1, 0, 2), maps(1, 1, 0, 0)], options)!;
  const scale = differenceScale(tap, shared, mapsTap(2, 0, 0, -2));
  expect([...scale.low, ...scale.high]).toEqual([-1, -2, 1, 2]);
  expect(scale.clipped).toBe(0.25);
});

test('no difference at all stays white: its scale does not shrink to it', () => {
  const tap = describe(2, false);
  const shared = viewScale(tap, [maps(0, 4, 0, 2)], options)!;
  const scale = differenceScale(tap, shared, mapsTap(0, 1e-6, 0, 0));
  expect([...scale.low, ...scale.high]).toEqual([-4, -2, 4, 2]);
});

test('a bar of a difference is never cut off', () => {
  const tap = describe(1, true);
  const shared = viewScale(tap, [vector(-3, 0), vector(3, 0)], options)!;
  const scale = differenceScale(tap, shared, vectorTap(6, 0));
  expect([scale.low[0], scale.high[0], scale.clipped]).toEqual([-6, 6, 0]);
});

test('a scale reaches what is to be reached beside what is shown, by channel or all alike', () => {
  const other: Reach = { least: Float32Array.of(-9, 0), most: Float32Array.of(0, 1) };
  const wide = viewScale(describe(2, true), [maps(-1, 2, 3, 4)], { ...options, also: [other] })!;
  expect([...wide.high]).toEqual([9, 4]);
  const block: Reach = { least: Float32Array.of(-5), most: Float32Array.of(20) }; // of a block with one channel
  const network = viewScale(describe(2, true), [maps(-1, 2, 3, 4)], {
    mode: 'network',
    clip: 0,
    also: [block],
  })!;
  expect([...network.high]).toEqual([20, 20]);
  const axis = viewScale(describe(1, true), [vector(-1, 2)], { ...options, also: [other] })!;
  expect([axis.low[0], axis.high[0]]).toEqual([-9, 2]);
});
