import { expect, test } from 'vitest';
import { lastLatencies } from './watched.ts';

test('the last of several arrivals counts for each frame', () => {
  const latencies = [
    { step: 3, ms: 5 },
    { step: 4, ms: 7 },
    { step: 3, ms: 9 },
    { step: 3, ms: 6 },
  ];
  expect(lastLatencies({ latencies })).toEqual([9, 7]);
  expect(lastLatencies({ latencies: [] })).toEqual([]);
});
