import { expect, test } from 'vitest';
import { BackOff } from '../../../../server/engine/wasm/backOff.ts';

/** How many tasks in a row the main thread does alone. */
function alone(backOff: BackOff): number {
  let count = 0;
  while (backOff.takeAlone()) count++;
  return count;
}

test('helpers that keep the others waiting are asked less and less', () => {
  const backOff = new BackOff();
  const counts = Array.from({ length: 8 }, () => {
    backOff.judge(0.2, 5);
    return alone(backOff);
  });
  expect(counts).toEqual([1, 2, 4, 8, 16, 32, 64, 64]);
});

test('a wait shorter than the work, or than a millisecond, is none', () => {
  const backOff = new BackOff();
  backOff.judge(0.1, 0.9);
  backOff.judge(20, 15);
  expect(alone(backOff)).toBe(0);
  backOff.judge(20, 25);
  expect(alone(backOff)).toBe(1);
});

test('tasks without a wait let the helpers be trusted again', () => {
  const backOff = new BackOff();
  for (let i = 0; i < 7; i++) backOff.judge(0, 5);
  expect(alone(backOff)).toBe(64);
  for (let i = 0; i < 64; i++) backOff.judge(1, 0);
  backOff.judge(0, 5);
  expect(alone(backOff)).toBe(1);
});
