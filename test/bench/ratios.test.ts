import { expect, test } from 'vitest';
import { ratiosTo } from './ratios.ts';

test('a ratio is to the fastest rival of the same round, in the median, and of the best to the best', () => {
  const rivals = [
    [10, 40, 10],
    [20, 10, 10],
  ];
  expect(ratiosTo(rivals, [10, 20, 30])).toEqual({ ratio: 0.5, bestRatio: 0.75 });
});

test('without a rival there is no ratio', () => {
  expect(ratiosTo([], [10, 20, 30])).toEqual({ ratio: null, bestRatio: null });
});
