import { expect, test } from 'vitest';
import { Pace } from '../../../server/training/pace.ts';

/** A pace over 4 epochs of 3 steps, and a clock that the test moves. */
function start(): { pace: Pace; wait: (seconds: number) => void } {
  let now = 100;
  return { pace: new Pace({ epochs: 4, stepsPerEpoch: 3 }, () => now), wait: (seconds) => (now += seconds) };
}

test('before anything is measured neither pace nor time left are known', () => {
  const { pace } = start();
  pace.startEpoch(1);
  expect(pace.imagesPerSecond).toBeNull();
  expect(pace.secondsLeft(0)).toBeNull();
});

test('the first step of a run, which compiles, does not count for the pace', () => {
  const { pace, wait } = start();
  pace.startEpoch(1);
  wait(60);
  pace.step(10);
  expect(pace.imagesPerSecond).toBeNull();
  for (let i = 0; i < 2; i++) {
    wait(2);
    pace.step(10);
  }
  expect(pace.imagesPerSecond).toBe(5);
  expect(pace.seconds).toBe(64);
});

test('the time left counts the steps and what follows each epoch, the present one included', () => {
  const { pace, wait } = start();
  wait(7); // the evaluation before the first step
  pace.endEpoch();
  pace.startEpoch(1);
  wait(60);
  pace.step(10);
  wait(2);
  pace.step(10);
  expect(pace.secondsLeft(2)).toBe((1 + 9) * 2 + 4 * 7);
  wait(2);
  pace.step(10);
  wait(5);
  pace.endEpoch();
  pace.startEpoch(2);
  expect(pace.secondsLeft(0)).toBe(9 * 2 + 3 * 5);
});

test('a pause counts neither as training nor as time left', () => {
  const { pace, wait } = start();
  pace.startEpoch(1);
  wait(2);
  pace.step(10);
  wait(2);
  pace.pause();
  wait(1000);
  pace.resume();
  pace.step(10);
  expect(pace.imagesPerSecond).toBe(5);
  expect(pace.secondsLeft(2)).toBe(10 * 2);
  expect(pace.seconds).toBe(4);
});

test('at the end of the last epoch only what follows it is left', () => {
  const { pace, wait } = start();
  pace.startEpoch(4);
  for (let i = 0; i < 3; i++) {
    wait(1);
    pace.step(10);
  }
  expect(pace.secondsLeft(3)).toBe(0);
});
