import { expect, test } from 'vitest';
import { blankSheet, canvasSize } from '../../../web/src/lib/painting/sheet.ts';

test('a sheet is transparent, whatever was painted before', () => {
  blankSheet(3, 2).fill(200);
  const next = blankSheet(2, 2);
  expect(next.length).toBe(16);
  expect([...next].every((byte) => byte === 0)).toBe(true);
});

test('sheets share their memory, which grows with the largest', () => {
  const small = blankSheet(4, 4);
  expect(blankSheet(2, 3).buffer).toBe(small.buffer);
  const large = blankSheet(100, 70);
  expect(large.length).toBe(28_000);
  expect(large.buffer).not.toBe(small.buffer);
  expect(blankSheet(90, 80).buffer).toBe(large.buffer);
  expect(blankSheet(4, 4).buffer).toBe(large.buffer);
});

const size = (width: number, height: number) => ({ width, height });

test('a canvas that holds the picture stays as it is', () => {
  expect(canvasSize(size(300, 200), size(300, 200))).toEqual(size(300, 200));
  expect(canvasSize(size(300, 200), size(150, 100))).toEqual(size(300, 200));
});

test('a canvas grows only where it is too small', () => {
  expect(canvasSize(size(300, 200), size(200, 250))).toEqual(size(300, 250));
});

test('a canvas of more than four times the picture is made as small', () => {
  expect(canvasSize(size(300, 200), size(149, 100))).toEqual(size(149, 100));
  // A wide picture after a tall one: the canvas that holds both would be far larger than either.
  expect(canvasSize(size(20, 400), size(400, 20))).toEqual(size(400, 20));
});
