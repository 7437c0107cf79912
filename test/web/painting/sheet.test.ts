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

test('a canvas that holds the picture stays as it is', () => {
  expect(canvasSize({ width: 300, height: 200 }, { width: 300, height: 200 })).toEqual({
    width: 300,
    height: 200,
  });
  expect(canvasSize({ width: 300, height: 200 }, { width: 150, height: 100 })).toEqual({
    width: 300,
    height: 200,
  });
});

test('a canvas grows only where it is too small', () => {
  expect(canvasSize({ width: 300, height: 200 }, { width: 200, height: 250 })).toEqual({
    width: 300,
    height: 250,
  });
});

test('a canvas of more than four times the picture is made as small', () => {
  expect(canvasSize({ width: 300, height: 200 }, { width: 149, height: 100 })).toEqual({
    width: 149,
    height: 100,
  });
  // A wide picture after a tall one: the canvas that holds both would be far larger than either.
  expect(canvasSize({ width: 20, height: 400 }, { width: 400, height: 20 })).toEqual({
    width: 400,
    height: 20,
  });
});
