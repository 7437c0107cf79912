import { expect, test } from 'vitest';
import { exactTap, quantiseTap, readMap, type Frame } from '../../../shared/frame.ts';
import { differenceOf, recordingOf, valueAt, valuesOf } from '../../../web/src/lib/painting/tapValues.ts';

const shape = [2, 2, 1, 3] as const;
const values = Float32Array.of(1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6);
const frame = (taps: Frame['taps'], probes: number[]): Frame => ({
  epoch: 3,
  step: 30,
  lambda: 0.5,
  merged: false,
  loss: 1,
  accuracy: 0.5,
  probes,
  taps,
});

test('a probe is found by its index in the run, not by its place in the frame', () => {
  const tap = exactTap('stem.out', shape, values);
  const recording = recordingOf(frame([tap], [7, 4]), 'stem.out', 4)!;
  expect(recording.position).toBe(1);
  expect(valueAt(recording, 1, 2, 0)).toBe(-6);
});

test('a tap or probe that the frame does not hold is null', () => {
  const tap = exactTap('stem.out', shape, values);
  expect(recordingOf(frame([tap], [7, 4]), 'stem.pre', 4)).toBeNull();
  expect(recordingOf(frame([tap], [7, 4]), 'stem.out', 0)).toBeNull();
  expect(recordingOf(null, 'stem.out', 7)).toBeNull();
});

test('values of a quantised recording are those of its maps', () => {
  const tap = quantiseTap('stem.out', shape, values);
  const got = valuesOf({ tap, position: 1 });
  expect([...got]).toEqual([...readMap(tap, 1, 0), ...readMap(tap, 1, 1)]);
  expect(got[4]).toBeCloseTo(valueAt({ tap, position: 1 }, 1, 1, 0), 6);
});

test('the difference is B minus A, whatever the encodings and places', () => {
  const a = { tap: exactTap('stem.out', shape, values), position: 0 };
  const b = {
    tap: exactTap(
      'stem.out',
      shape,
      values.map((v) => 10 * v),
    ),
    position: 1,
  };
  const difference = differenceOf(a, b);
  expect(difference.shape).toEqual([1, 2, 1, 3]);
  expect([...difference.values]).toEqual([-11, -22, -33, -44, -55, -66]);
  expect([...difference.minimum]).toEqual([-33, -66]);
  expect([...difference.maximum]).toEqual([-11, -44]);
});

test('maps of different size are not subtracted', () => {
  const a = { tap: exactTap('stem.out', [1, 1, 1, 2], Float32Array.of(1, 2)), position: 0 };
  const b = { tap: exactTap('stem.out', [1, 1, 2, 1], Float32Array.of(1, 2)), position: 0 };
  expect(() => differenceOf(a, b)).toThrow(/\[1, 1, 2\] can't be subtracted from \[1, 2, 1\]/);
});
