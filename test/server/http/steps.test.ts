import { beforeEach, expect, test, vi } from 'vitest';
import { Steps } from '../../../server/http/steps.ts';
import type { StepMetrics } from '../../../shared/protocol.ts';

/** Milliseconds that sending to all followers takes. */
let cost: number;
let sent: string[];
let steps: Steps;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  [cost, sent] = [0, []];
  steps = new Steps((id, { step }) => {
    vi.advanceTimersByTime(cost);
    sent.push(`${id} ${step}`);
  });
  return () => vi.useRealTimers();
});

const at = (step: number): StepMetrics => ({ step }) as StepMetrics;

/** Steps of a run `a`, one in 200 ms. */
function train(from: number, to: number): void {
  for (let step = from; step <= to; step++) {
    steps.add('a', at(step));
    vi.advanceTimersByTime(200);
  }
}

test('where sending takes next to nothing, every step is sent', () => {
  cost = 0.1;
  train(1, 10);
  expect(sent).toHaveLength(10);
});

test('where it takes long, steps are sent less often, always the latest, and the last one in the end', () => {
  cost = 1;
  train(1, 103);
  expect(sent.length).toBeGreaterThan(15);
  expect(sent.length).toBeLessThan(30);
  vi.advanceTimersByTime(1001);
  expect(sent.at(-1)).toBe('a 103');
  const numbers = sent.map((line) => Number(line.slice(2)));
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
});

test('a step that waits is sent before what came after it, once', () => {
  cost = 2;
  train(1, 3);
  steps.add('b', at(4));
  const before = sent.length;
  steps.flush('b');
  steps.flush('b');
  steps.flush('c');
  expect(sent.slice(before)).toEqual(['b 4']);
  vi.advanceTimersByTime(2000);
  expect(sent.slice(before)).toEqual(['b 4']);
});

test('a step that waits is not sent any more where a later one has been told', () => {
  cost = 2;
  train(1, 3);
  steps.add('a', at(4));
  steps.drop('a');
  const before = sent.length;
  vi.advanceTimersByTime(2000);
  expect(sent).toHaveLength(before);
  steps.add('a', at(5));
  expect(sent.slice(before)).toEqual(['a 5']);
});

test('after the end nothing is sent', () => {
  cost = 2;
  train(1, 3);
  steps.add('a', at(4));
  const before = sent.length;
  steps.close();
  vi.advanceTimersByTime(2000);
  expect(sent).toHaveLength(before);
});
