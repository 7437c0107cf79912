import { scaleLinear } from 'd3';
import { expect, test } from 'vitest';
import { tickFormat } from '../../../web/src/lib/charts/ticks.ts';

const words = (domain: [number, number], unit?: 'percent', count = 2): string[] => {
  const scale = scaleLinear(domain, [0, 100]);
  return scale.ticks(count).map(tickFormat(scale, count, unit));
};

test('ticks are written as short as their axis allows', () => {
  expect(words([0, 1])).toEqual(['0', '0.5', '1.0']);
  expect(words([0, 0.004])).toEqual(['0', '0.002', '0.004']);
  expect(words([0, 100])).toEqual(['0', '50', '100']);
  expect(words([0, 0.0004])).toEqual(['0', '2e-4', '4e-4']);
  expect(words([0, 0.001])).toEqual(['0', '5e-4', '1e-3']); // 0.0005 would not fit beside the axis
  expect(words([0, 20000])).toEqual(['0', '1e4', '2e4']);
});

test('a range next to nothing is told in powers of ten, not in rows of zeros', () => {
  for (const text of words([0, 3.9e-15], undefined, 5)) expect(text.length).toBeLessThan(8);
});

test('numbers below zero have a true minus sign, and thousands a thin space', () => {
  expect(words([-4, 4], undefined, 5)).toEqual(['−4', '−2', '0', '2', '4']);
  expect(words([0, 4000])).toEqual(['0', '2\u2009000', '4\u2009000']);
});

test('shares are told in hundredths', () => {
  expect(words([0, 0.6], 'percent')).toEqual(['0 %', '20 %', '40 %', '60 %']);
  expect(words([0, 0.015], 'percent', 3)).toEqual(['0 %', '0.5 %', '1.0 %', '1.5 %']);
  expect(words([0, 20], 'percent')).toEqual(['0 %', '1\u2009000 %', '2\u2009000 %']);
});
