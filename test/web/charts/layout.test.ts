import { expect, test } from 'vitest';
import {
  bandBoxes,
  curve,
  epochScale,
  epochTicks,
  GUTTER,
  isShown,
  shownPoints,
  stackPanels,
  valueScale,
  verticals,
} from '../../../web/src/lib/charts/layout.ts';

test('the epoch axis spans the width between the gutters and never turns round', () => {
  const x = epochScale(20, 400);
  expect(x(0)).toBe(GUTTER.left);
  expect(x(20)).toBe(400 - GUTTER.right);
  const narrow = epochScale(20, 10);
  expect(narrow(20)).toBeGreaterThan(narrow(0));
});

test('only whole epochs are labelled', () => {
  expect(epochTicks(epochScale(3, 800))).toEqual([0, 1, 2, 3]);
  expect(epochTicks(epochScale(200, 400)).every(Number.isInteger)).toBe(true);
});

test('panels do not overlap and the stack holds them all', () => {
  const { panels, height } = stackPanels([90, 50, 30]);
  for (const [i, panel] of panels.entries()) {
    const next = panels[i + 1];
    expect(panel.top + panel.height).toBeLessThanOrEqual(next ? next.top : height);
  }
  expect(panels.map((p) => p.height)).toEqual([90, 50, 30]);
});

test('a value axis holds its points, larger values above smaller ones', () => {
  const panel = { top: 10, height: 100 };
  const y = valueScale(
    [
      [0, 2.3],
      [1, 0.7],
    ],
    panel,
  );
  expect(y(2.3)).toBeGreaterThanOrEqual(10);
  expect(y(0.7)).toBeLessThanOrEqual(110);
  expect(y(2.3)).toBeLessThan(y(0.7));
});

test('equal values and no values still have an axis', () => {
  const panel = { top: 0, height: 100 };
  const flat = valueScale([[0, 5]], panel);
  expect(flat(5)).toBeGreaterThan(0);
  expect(flat(5)).toBeLessThan(100);
  expect(valueScale([], panel)(0.5)).toBe(50);
});

test('a curve is drawn through its points in pixels', () => {
  const x = epochScale(10, GUTTER.left + GUTTER.right + 100);
  const y = valueScale([], { top: 0, height: 100 }, [0, 1]);
  expect(
    curve(
      [
        [0, 0],
        [10, 1],
      ],
      x,
      y,
    ),
  ).toBe(`M${GUTTER.left},100L${GUTTER.left + 100},0`);
  expect(curve([], x, y)).toBe('');
});

test('bands meet without gaps and the last one reaches the end of the axis', () => {
  const x = epochScale(20.5, 500);
  const boxes = bandBoxes(
    [
      { stage: 'early', from: 1, to: 5 },
      { stage: 'mid', from: 6, to: 10 },
      { stage: 'late', from: 11, to: 20 },
    ],
    x,
  );
  expect(boxes[0]?.x).toBe(GUTTER.left);
  for (let i = 1; i < boxes.length; i++)
    expect(boxes[i]!.x).toBeCloseTo(boxes[i - 1]!.x + boxes[i - 1]!.width);
  expect(boxes[2]!.x + boxes[2]!.width).toBeCloseTo(500 - GUTTER.right);
});

test('a place on the time axis is drawn through every plot and leaves the headings free', () => {
  const { panels } = stackPanels([90, 50]);
  expect(verticals(120.04, panels)).toBe(`M120.0,${panels[0].top}v90M120.0,${panels[1].top}v50`);
});

test('a part of the axis fills the width, and what lies outside of it is not shown', () => {
  const x = epochScale([4, 8], 400);
  expect([x(4), x(8)]).toEqual([GUTTER.left, 400 - GUTTER.right]);
  expect([3.9, 4, 8, 8.1].map((position) => isShown(x, position))).toEqual([false, true, true, false]);
  expect(epochTicks(x)).toEqual([4, 5, 6, 7, 8]);
});

test('bands are cut off where the axis is, and those outside are gone', () => {
  const x = epochScale([6, 8], 500);
  const boxes = bandBoxes(
    [
      { stage: 'early', from: 1, to: 5 },
      { stage: 'mid', from: 6, to: 7 },
      { stage: 'late', from: 8, to: 20 },
    ],
    x,
  );
  expect(boxes.map(({ stage }) => stage)).toEqual(['mid', 'late']);
  expect([boxes[0]!.x, boxes[0]!.width]).toEqual([x(6), x(7) - x(6)]);
  expect(boxes[1]!.x + boxes[1]!.width).toBeCloseTo(500 - GUTTER.right);
});

test('a value axis goes by the points that are shown, and by all where none is', () => {
  const points = [
    [0, 100],
    [5, 2],
    [6, 3],
  ] as const;
  expect(shownPoints(points, epochScale([4, 8], 400))).toEqual([points[1], points[2]]);
  expect(shownPoints(points, epochScale([1, 4], 400))).toEqual(points);
});
