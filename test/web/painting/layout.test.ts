import { expect, test } from 'vitest';
import {
  cellAfterKey,
  cellOrigin,
  cellWidth,
  gridLayout,
  gridOf,
  hitTest,
} from '../../../web/src/lib/painting/layout.ts';

test('of the scales near the wanted size, the one that fills the room best is taken', () => {
  const common = { count: 32, mapHeight: 16, mapWidth: 16, cell: 40, gap: 4 };
  // Twice: 11 columns are 392 wide. Three times: 7 columns are 360.
  expect(gridLayout({ ...common, availableWidth: 400 })).toMatchObject({
    scale: 2,
    columns: 11,
    rows: 3,
    width: 11 * 36 - 4,
    height: 3 * 36 - 4,
  });
  // Three times: 7 columns are 360, and nothing is left; twice: 10 columns are 356.
  expect(gridLayout({ ...common, availableWidth: 360 })).toMatchObject({ scale: 3, columns: 7 });
});

test('where all scales fill the room alike, cells have the wanted size', () => {
  const common = { count: 500, mapHeight: 4, mapWidth: 4, gap: 3, availableWidth: 1200 };
  expect(gridLayout({ ...common, cell: 40 }).scale).toBe(10);
  expect(gridLayout({ ...common, cell: 24 }).scale).toBe(6);
});

test('cells keep within three quarters and one and a half of the wanted size', () => {
  for (const side of [2, 4, 7, 8, 14, 16])
    for (let availableWidth = 60; availableWidth < 700; availableWidth += 13) {
      const layout = gridLayout({
        count: 100,
        mapHeight: side,
        mapWidth: side,
        availableWidth,
        cell: 40,
        gap: 3,
      });
      expect(layout.scale * side).toBeGreaterThanOrEqual(30);
      expect(layout.scale * side).toBeLessThanOrEqual(60);
      expect(layout.width).toBeLessThanOrEqual(availableWidth);
    }
});

test('maps larger than a cell stay at one device pixel', () => {
  const layout = gridLayout({
    count: 3,
    mapHeight: 112,
    mapWidth: 112,
    availableWidth: 500,
    cell: 40,
    gap: 2,
  });
  expect(layout).toMatchObject({ scale: 1, columns: 3 });
});

test('few maps take few columns, and a narrow place still gets one', () => {
  const common = { mapHeight: 8, mapWidth: 8, cell: 24, gap: 2 };
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

test('maps grow with the room, up to twice as wide, and never below the wanted width', () => {
  expect(cellWidth(24, 190, 36)).toBe(36); // a narrow column keeps them small
  expect(cellWidth(24, 420, 36)).toBe(60); // seven in a row
  expect(cellWidth(24, 1430, 40)).toBe(160); // no larger than four times
  expect(cellWidth(512, 0, 40)).toBe(40); // before the room is measured
});
