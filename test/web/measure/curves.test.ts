import { expect, test } from 'vitest';
import type { SnapshotMeasures } from '../../../shared/measurement.ts';
import {
  curvesOf,
  inkOf,
  measuredBlocks,
  nearestDot,
  valueRange,
} from '../../../web/src/lib/measure/curves.ts';
import { formatMeasure } from '../../../web/src/lib/measure/format.ts';

const measures = (snapshot: string, lambda: number, contrasts: Record<string, number>): SnapshotMeasures => ({
  snapshot,
  epoch: Number.parseInt(snapshot, 10),
  lambda,
  merged: snapshot.endsWith('m'),
  images: 128,
  blocks: Object.entries(contrasts).map(([block, contrast]) => ({
    block,
    contrast,
    totalVariation: 0,
    highFrequencyShare: 0,
    entropy: 0,
    deadFraction: 0,
    effectiveRank: 1,
  })),
});
const list = [
  measures('0', 1, { stem: 2, 'stages.0': 4 }),
  measures('1', 0.5, { stem: 1, 'stages.0': 3 }),
  measures('2m', 0, { stem: 5, 'stages.0': 2 }),
];

test('every block has a curve, over epochs or over λ, and the merge has a place of its own', () => {
  expect(measuredBlocks(list)).toEqual(['stem', 'stages.0']);
  expect(measuredBlocks([])).toEqual([]);
  const [stem, stage] = curvesOf(list, 'contrast', 'epoch');
  expect(stem!.block).toBe('stem');
  expect(stem!.dots.map((d) => [d.snapshot, d.x, d.y])).toEqual([
    ['0', 0, 2],
    ['1', 1, 1],
    ['2m', 2.5, 5],
  ]);
  expect(stage!.dots.map((d) => d.y)).toEqual([4, 3, 2]);
  expect(curvesOf(list, 'contrast', 'lambda')[0]!.dots.map((d) => d.x)).toEqual([1, 0.5, 0]);
});

test('the value axis holds every curve, keeps a near zero in view, never collapses and never goes below zero', () => {
  const curves = curvesOf(list, 'contrast', 'epoch');
  expect(valueRange(curves)).toEqual([0, 5]);
  const near = [{ block: 'a', dots: [4, 5].map((y, x) => ({ snapshot: String(x), x, y })) }];
  expect(valueRange(near)).toEqual([4, 5]);
  expect(valueRange(curvesOf(list, 'effectiveRank', 'epoch'))).toEqual([0.9, 1.1]);
  expect(valueRange(curvesOf(list, 'deadFraction', 'epoch'))).toEqual([0, 0.5]);
  expect(valueRange([])).toEqual([0, 1]);
});

test('the dot nearest to the pointer is found by whatever distance the axis asks for', () => {
  const { dots } = curvesOf(list, 'contrast', 'lambda')[0]!;
  expect(nearestDot(dots, (dot) => Math.abs(dot.x - 0.4))?.snapshot).toBe('1');
  expect(nearestDot(dots, (dot) => Math.hypot(dot.x - 0.4, dot.y - 5))?.snapshot).toBe('2m');
  expect(nearestDot([], () => 0)).toBeUndefined();
});

test('deeper blocks are drawn darker', () => {
  const inks = [0, 1, 2, 3].map((i) => inkOf(i, 4));
  expect([...inks].sort((a, b) => a - b)).toEqual(inks);
  expect(new Set(inks).size).toBe(4);
  expect(inkOf(0, 1)).toBe(0.5);
});

test('shares are read as percentages and the rank with one decimal', () => {
  expect(formatMeasure('highFrequencyShare', 0.296)).toBe('29.6 %');
  expect(formatMeasure('deadFraction', 0)).toBe('0.0 %');
  expect(formatMeasure('effectiveRank', 105.94)).toBe('105.9');
  expect(formatMeasure('contrast', 0.7938)).toBe('0.794');
  expect(formatMeasure('effectiveRank', null)).toBe('–');
});
