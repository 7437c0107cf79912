import { beforeEach, expect, test, vi } from 'vitest';
import { Rests } from '../../../server/http/rests.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  return () => vi.useRealTimers();
});

/** The rest after each of these pieces of work, ms. */
const after = (rests: Rests, ...pieces: number[]): number[] =>
  pieces.map((ms) => {
    rests.work(() => vi.advanceTimersByTime(ms));
    return Math.max(0, rests.until - performance.now());
  });

test('work takes its share of the time once it has been done a few times', () => {
  expect(after(new Rests(0.1), 1, 1, 1, 1)).toEqual([0, 0, 10, 10]);
  expect(after(new Rests(0.25), 2, 2, 2)).toEqual([0, 0, 8]);
});

test('one piece that was held up lengthens no rest; work that has grown does', () => {
  expect(after(new Rests(0.1), 1, 1, 1, 50, 1)).toEqual([0, 0, 10, 10, 10]);
  expect(after(new Rests(0.1), 1, 1, 1, 5, 5, 5)).toEqual([0, 0, 10, 10, 10, 50]);
});
