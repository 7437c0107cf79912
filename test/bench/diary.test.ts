import { expect, test } from 'vitest';
import { readDiary, secondsPerStep, type DiaryEntry } from './diary.ts';

const step = (at: number): DiaryEntry => ({ is: 'step', at });
const epoch = (at: number): DiaryEntry => ({ is: 'epoch', at, epoch: 1, rss: 1, tensors: 1 });

test('a diary is read up to its last whole line', () => {
  expect(readDiary('{"is":"step","at":1}\n{"is":"step","at":2}\n{"is":"st')).toEqual([step(1), step(2)]);
  expect(readDiary('')).toEqual([]);
});

test('the time of a step is taken within epochs and within the window', () => {
  const entries = [step(0), step(1000), step(2000), epoch(2500), step(9000), step(9500), step(20_000)];
  expect(secondsPerStep(entries, 0, 10_000)).toBeCloseTo((1 + 1 + 0.5) / 3, 10);
  expect(secondsPerStep(entries, 500, 2200)).toBeCloseTo(1, 10);
  expect(secondsPerStep(entries, 500, 1500)).toBeNaN();
});
