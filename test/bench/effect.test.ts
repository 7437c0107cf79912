import { expect, test } from 'vitest';
import { Random } from '../../server/random.ts';
import { effectOf } from './effect.ts';

/** Durations in turn without and with what takes `lost` of the rate, on a machine whose pace drifts and scatters. */
function durations(lost: number, count: number, scatter = 0, seed = 1): number[] {
  const random = Random.seeded(seed, 'effect');
  return Array.from({ length: count }, (_, i) => {
    const pace = 0.04 * (1 + 0.3 * Math.sin(i / 40));
    return (pace * Math.exp(scatter * random.normal())) / (i % 2 === 1 ? 1 - lost : 1);
  });
}

test.each([0, 0.02, -0.05])('of a machine that drifts, a loss of %f is told exactly', (lost) => {
  expect(effectOf(durations(lost, 201)).lost).toBeCloseTo(lost, 3);
});

test('of one that scatters, it is told within twice its error nineteen times in twenty, about', () => {
  const effects = Array.from({ length: 200 }, (_, seed) => effectOf(durations(0.02, 241, 0.05, seed)));
  const within = effects.filter(({ lost, error }) => Math.abs(lost - 0.02) < 2 * error);
  expect(within.length).toBeGreaterThan(175);
  expect(within.length).toBeLessThan(200);
  const mean = effects.reduce((sum, { lost }) => sum + lost, 0) / effects.length;
  expect(Math.abs(mean - 0.02)).toBeLessThan(0.002);
});

test('windows in which something else had the processor, or that have no step, change nothing', () => {
  const disturbed = durations(0.02, 201);
  for (const i of [10, 33, 80, 121]) disturbed[i]! *= 3;
  disturbed[50] = NaN;
  expect(effectOf(disturbed).lost).toBeCloseTo(0.02, 3);
});

test('few windows tell no error', () => {
  expect(effectOf([1, 1.1, 1])).toEqual({ lost: expect.closeTo(1 - 1 / 1.1, 5) as number, error: NaN });
});
