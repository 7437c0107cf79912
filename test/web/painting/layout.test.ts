import { expect, test } from 'vitest';
import {
  cellAfterKey,
  cellOrigin,
  gridLayout,
  gridOf,
  hitTest,
} from '../../../web/src/lib/painting/layout.ts';

test('cells are whole multiples of the map, at least the wanted size, and fill the width', () => {
  const layout = gridLayout({
    count: 32,
    mapHeight: 16,
    mapWidth: 16,
    availableWidth: 400,
    minimumCell: 40,
    gap: 4,
  });
  expect(layout).toMatchObject({ scale: 3, columns: 7, rows: 5, width: 7 * 52 - 4, height: 5 * 52 - 4 });
});

test('maps of four pixels are enlarged, maps larger than a cell stay at one device pixel', () => {
  const common = { count: 3, availableWidth: 500, minimumCell: 40, gap: 2 };
  expect(gridLayout({ ...common, mapHeight: 4, mapWidth: 4 }).scale).toBe(10);
  expect(gridLayout({ ...common, mapHeight: 112, mapWidth: 112 })).toMatchObject({ scale: 1, columns: 3 });
});

test('few maps take few columns, and a narrow place still gets one', () => {
  const common = { mapHeight: 8, mapWidth: 8, minimumCell: 24, gap: 2 };
  expect(gridLayout({ ...common, count: 2, availableWidth: 900 })).toMatchObject({ columns: 2, rows: 1 });
  expect(gridLayout({ ...common, count: 2, availableWidth: 10 })).toMatchObject({ columns: 1, scale: 1 });
});

const grid = gridOf({ count: 5, mapHeight: 2, mapWidth: 3, scale: 4, gap: 2, columns: 3 });

test('every pixel of every cell is hit where it is drawn', () => {
  for (let index = 0; index < grid.count; index++) {
    const { x, y } = cellOrigin(grid, index);
    for (let mapY = 0; mapY < 2; mapY++)
      for (let mapX = 0; mapX < 3; mapX++)
        for (const inside of [0, 3])
          expect(hitTest(grid, x + 4 * mapX + inside, y + 4 * mapY + inside)).toEqual({
            index,
            x: mapX,
            y: mapY,
          });
  }
});

test('gaps, empty cells and points outside hit nothing', () => {
  expect(hitTest(grid, 12, 0)).toBeNull(); // the gap right of the first cell
  expect(hitTest(grid, 0, 9)).toBeNull(); // the gap below it
  expect(hitTest(grid, 2 * 14, 10)).toBeNull(); // the sixth cell of five
  expect(hitTest(grid, 3 * 14, 0)).toBeNull();
  expect(hitTest(grid, -1, 0)).toBeNull();
  expect(hitTest(grid, 0, 500)).toBeNull();
});

test('arrow keys walk the grid and stop at its ends', () => {
  expect(cellAfterKey(grid, 0, 'ArrowRight')).toBe(1);
  expect(cellAfterKey(grid, 0, 'ArrowLeft')).toBe(0);
  expect(cellAfterKey(grid, 1, 'ArrowDown')).toBe(4);
  expect(cellAfterKey(grid, 2, 'ArrowDown')).toBe(2); // below it the last row has no cell
  expect(cellAfterKey(grid, 1, 'ArrowUp')).toBe(1);
  expect(cellAfterKey(grid, 3, 'End')).toBe(4);
  expect(cellAfterKey(grid, 3, 'Home')).toBe(0);
  expect(cellAfterKey(grid, 3, 'a')).toBeNull();
});
