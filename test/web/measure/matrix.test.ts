import { expect, test } from 'vitest';
import { cellAt, inkOn, labelled, moveCell, paintMatrix } from '../../../web/src/lib/measure/matrix.ts';
import { cssColour, palette } from '../../../web/src/lib/painting/palette.ts';

test('values are painted on 0 to 1, those beyond at its ends, and what can not be told stays clear', () => {
  const pixels = new Uint32Array(6).fill(7);
  const colours = palette('viridis');
  paintMatrix(pixels, [0, 1, 0.5, -0.2, 1.0000001, NaN], colours);
  expect([...pixels]).toEqual([colours[0], colours[255], colours[128], colours[0], colours[255], 0]);
});

test('a place on the picture is a cell of it, also at its very edge', () => {
  expect(cellAt(0, 0, 100, 4)).toEqual({ row: 0, column: 0 });
  expect(cellAt(30, 99, 100, 4)).toEqual({ row: 3, column: 1 });
  expect(cellAt(100, -3, 100, 4)).toEqual({ row: 0, column: 3 });
});

test('arrow keys move the cursor as far as the matrix goes, and other keys are left to others', () => {
  const cell = { row: 1, column: 1 };
  expect(moveCell(cell, 'ArrowDown', 4, false)).toEqual({ row: 2, column: 1 });
  expect(moveCell(cell, 'ArrowLeft', 4, true)).toEqual({ row: 1, column: 0 });
  expect(moveCell(cell, 'ArrowRight', 20, true)).toEqual({ row: 1, column: 6 });
  expect(moveCell(cell, 'ArrowUp', 4, true)).toEqual({ row: 0, column: 1 });
  expect(moveCell(cell, 'End', 4, false)).toEqual({ row: 1, column: 3 });
  expect(moveCell(cell, 'Home', 4, false)).toEqual({ row: 1, column: 0 });
  expect(moveCell(cell, 'a', 4, false)).toBeNull();
});

test('labels stand apart at round places from the first snapshot on, and the last one has one', () => {
  expect(labelled(5, 300)).toEqual([0, 1, 2, 3, 4]);
  expect(labelled(24, 351)).toEqual([0, 5, 10, 15, 20, 23]);
  expect(labelled(22, 351)).toEqual([0, 5, 10, 15, 21]); // 20 would lie upon 21
  expect(labelled(1, 351)).toEqual([0]);
  expect(labelled(0, 351)).toEqual([]);
  const many = labelled(200, 300);
  expect(many.at(-1)).toBe(199);
  expect(many.length).toBeLessThanOrEqual(9);
  expect((many[1]! - many[0]!) * (300 / 200)).toBeGreaterThanOrEqual(34);
});

test('numbers are black on light colours and white on dark ones', () => {
  expect(inkOn(cssColour('viridis', 1))).toBe('black');
  expect(inkOn(cssColour('viridis', 0))).toBe('white');
  expect(inkOn('rgb(255, 255, 255)')).toBe('black');
});
