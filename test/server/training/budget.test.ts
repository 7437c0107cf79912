import { beforeEach, expect, test } from 'vitest';
import { LiveBudget } from '../../../server/training/budget.ts';

let now: number;
let budget: LiveBudget;

beforeEach(() => {
  now = 100;
  budget = new LiveBudget({ now: () => now });
});

/** Computes a frame and sends it, between which a device may have its time. */
function show(cost: number, fresh = false): void {
  budget.begin();
  now += 0.75 * cost;
  budget.end();
  budget.begin();
  now += 0.25 * cost;
  budget.end();
  budget.charge(fresh);
}

/** Trains in steps of `step` seconds for `duration`, with a frame that takes `cost` wherever one is allowed. `fresh`
 * says whether the viewer has changed its view before a step. */
function train(
  duration: number,
  { step = 0.1, cost, fresh = () => false }: { step?: number; cost: number; fresh?: (i: number) => boolean },
): { frames: number; seconds: number } {
  let frames = 0;
  const begin = now;
  for (let i = 0; now - begin < duration; i++) {
    if (budget.allows(fresh(i))) {
      show(cost, fresh(i));
      frames++;
    }
    now += step;
  }
  return { frames, seconds: now - begin };
}

test('the first frame comes at once', () => {
  expect(budget.allows(false)).toBe(true);
});

test.each([0.004, 0.03, 1, 20])(
  'frames of %f s take at most 2 %% of the time trained, and nearly all that they may',
  (cost) => {
    train(20_000, { cost });
    const { frames, seconds } = train(20_000, { cost });
    // What a frame costs elsewhere is some milliseconds, of which these are charged.
    const share = (frames * (cost + 0.0015)) / (seconds - frames * cost);
    expect(share).toBeLessThanOrEqual(0.02);
    expect(share).toBeGreaterThan(0.01);
  },
);

test.each([
  { busy: 0.0005, shared: false, hides: false, free: false },
  { busy: 0.002, shared: false, hides: true, free: true },
  { busy: 0.002, shared: true, hides: true, free: false },
])(
  'work for a frame behind which a step is done $busy s later is free: $free (on the same processors: $shared)',
  ({ busy, shared, hides, free }) => {
    budget = new LiveBudget({ shared, now: () => now });
    budget.begin();
    now += 0.1;
    budget.endBehind();
    now += busy;
    budget.stepDone();
    expect(budget.hides).toBe(hides);
    budget.charge(false);
    expect(budget.allows(false)).toBe(free);
  },
);

test('work behind a busy step does not make free what was done before it', () => {
  budget.begin();
  now += 0.1;
  budget.end();
  budget.begin();
  budget.endBehind();
  now += 1;
  budget.stepDone();
  budget.charge(false);
  expect(budget.allows(false)).toBe(false);
});

test('a cheap view is shown at every step', () => {
  const { frames, seconds } = train(600, { step: 0.4, cost: 0.001 });
  expect(frames).toBe(Math.round(seconds / 0.401));
});

test('what is saved up while nobody watches is bounded', () => {
  now += 1e6;
  const { frames } = train(1, { step: 0.01, cost: 0.03 });
  expect(frames).toBeLessThanOrEqual(5);
});

test('the first frame of a new view comes at once although the budget is spent', () => {
  train(10, { cost: 0.03 });
  show(0.1, true);
  expect(budget.allows(false)).toBe(false);
  expect(budget.allows(true)).toBe(true);
  show(0.5, true);
  expect(budget.allows(true)).toBe(true); // also where frames are slow
});

test('a frame in whose middle other programs had the processor is charged as the others are', () => {
  for (let i = 0; i < 4; i++) show(0.001);
  show(0.2);
  expect(budget.allows(false)).toBe(true);
  for (let i = 0; i < 3; i++) show(0.2);
  expect(budget.allows(false)).toBe(false); // this is no exception any more
});

test.each([0.03, 2])('one who changes the view all the time gets no more either (%f s a frame)', (cost) => {
  train(2_000, { cost, fresh: () => true });
  const { frames, seconds } = train(20_000, { cost, fresh: () => true });
  expect((frames * cost) / (seconds - frames * cost)).toBeLessThanOrEqual(0.02);
});

test('frames during a pause cost nothing, and a pause earns nothing', () => {
  show(0.4);
  expect(budget.allows(false)).toBe(false);
  budget.pause();
  for (let i = 0; i < 10; i++) {
    expect(budget.allows(false)).toBe(true);
    show(1);
  }
  now += 1e6;
  budget.resume();
  expect(budget.allows(false)).toBe(false);
  now += 30;
  expect(budget.allows(false)).toBe(true);
});
