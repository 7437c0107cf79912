import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test, vi } from 'vitest';
import { decodeFrame } from '../../../shared/frame.ts';
import { LiveBudget } from '../../../server/training/budget.ts';
import { TrainerControl } from '../../../server/training/control.ts';
import type { TrainerEvent } from '../../../server/training/messages.ts';
import { useWasm } from './backend.ts';
import { collect, only, tinyConfig, tinyRun } from './tiny.ts';

beforeAll(useWasm);

/** A short run with the control that steers it; by its clock, which stands still, frames take no time and some ten may
 * be had. */
function start(changes = {}): { control: TrainerControl; events: AsyncGenerator<TrainerEvent> } {
  const control = new TrainerControl();
  return {
    control,
    events: tinyRun(tinyConfig(changes), { control, budget: new LiveBudget({ now: () => 0 }) }),
  };
}

const types = (events: readonly TrainerEvent[]): string[] => events.map((event) => event.type);

/** Whether the next event comes within some turns of the event loop. */
async function isSilent(next: Promise<unknown>): Promise<boolean> {
  let came = false;
  void next.then(() => (came = true));
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 2));
  return !came;
}

/** Reads events up to the first of a type. */
async function until(
  events: AsyncGenerator<TrainerEvent>,
  type: TrainerEvent['type'],
): Promise<TrainerEvent[]> {
  const seen: TrainerEvent[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done) return seen;
    seen.push(value);
    if (value.type === type) return seen;
  }
}

test('a paused training does nothing until it is resumed, and ends with the same losses', async () => {
  const { control, events } = start();
  control.pause();
  const seen = await until(events, 'paused');
  expect(types(seen)).toEqual(['ready', 'snapshot', 'measures', 'epoch', 'checkpoint', 'paused']);
  const next = events.next();
  expect(await isSilent(next)).toBe(true);
  control.resume();
  expect((await next).value).toEqual({ type: 'resumed' });
  const rest = await collect(events);
  const whole = await collect(tinyRun(tinyConfig()));
  const losses = (all: readonly TrainerEvent[]): unknown[] =>
    only(all, 'epoch').map((e) => e.metrics.trainLoss);
  expect(losses(rest)).toEqual(losses(whole).slice(1));
});

test('a training stops at the next step, before the epoch is over', async () => {
  const before = tf.memory().numTensors;
  const { control, events } = start({ training: { batchSize: 4 } });
  const seen = await collect(events, (event) => {
    if (event.type === 'step') control.stop();
  });
  expect(seen.at(-1)).toEqual({ type: 'end', reason: 'stopped' });
  expect(only(seen, 'epoch').map((e) => e.metrics.epoch)).toEqual([0]);
  expect(tf.memory().numTensors).toBe(before);
});

test('stopped between epochs, it hands over the checkpoint that was not due', async () => {
  const { control, events } = start({ recording: { checkpointEvery: 100 } });
  const seen = await collect(events, (event) => {
    if (event.type === 'epoch' && event.metrics.epoch === 2) control.stop();
  });
  expect(only(seen, 'checkpoint').map((c) => c.id)).toEqual(['0', '2']);
  expect(types(seen).slice(-2)).toEqual(['checkpoint', 'end']);
});

test('stopped within an epoch, it hands over the checkpoint of the epoch before', async () => {
  const { control, events } = start({ recording: { checkpointEvery: 100 } });
  control.watch({ taps: ['logits'], probes: [0] });
  const seen = await collect(events, (event) => {
    if (event.type === 'epoch' && event.metrics.epoch === 2) control.pull();
    if (event.type !== 'live') return;
    const { epoch } = decodeFrame(event.bytes);
    if (epoch > 2 && epoch < 3) control.stop();
    else control.pull();
  });
  expect(only(seen, 'epoch').at(-1)!.metrics.epoch).toBe(2);
  expect(only(seen, 'checkpoint').map((c) => c.id)).toEqual(['0', '2']);
});

test('a paused training can be stopped', async () => {
  const { control, events } = start();
  control.pause();
  await until(events, 'paused');
  const next = events.next();
  control.stop();
  expect((await next).value).toEqual({ type: 'end', reason: 'stopped' });
  expect((await events.next()).done).toBe(true);
});

test('stopped before it began, it trains nothing', async () => {
  const { control, events } = start();
  control.stop();
  expect(types(await collect(events))).toEqual(['ready', 'end']);
});

test('each pull is answered by one frame of what is watched, also while paused', async () => {
  const { control, events } = start();
  await until(events, 'checkpoint');
  control.watch({ taps: ['stem.out', 'logits'], probes: [1, 3] });
  control.pull();
  const [first] = only(await until(events, 'live'), 'live');
  const frame = decodeFrame(first!.bytes);
  expect(frame.taps.map((tap) => tap.id)).toEqual(['stem.out', 'logits']);
  expect(frame.probes).toEqual([1, 3]);
  control.pause();
  await until(events, 'paused');
  let next = events.next();
  expect(await isSilent(next)).toBe(true);
  for (let i = 0; i < 2; i++) {
    control.pull();
    expect((await next).value).toMatchObject({ type: 'live' });
    next = events.next();
  }
  expect(await isSilent(next)).toBe(true);
  control.stop();
  await next;
  await events.next();
});

test('a pull that arrives while the answer to another is taken is not slept over', async () => {
  const { control, events } = start();
  control.watch({ taps: ['logits'], probes: null });
  control.pause();
  await until(events, 'paused');
  control.pull();
  expect((await events.next()).value).toMatchObject({ type: 'live' });
  control.pull(); // the trainer stands at its yield
  expect((await events.next()).value).toMatchObject({ type: 'live' });
  control.stop();
  await collect(events);
});

test('live frames stand within the epoch and tell of the step before', async () => {
  const { control, events } = start();
  control.watch({ taps: ['logits'], probes: [0] });
  const frames = (
    await collect(events, (event) => {
      if (event.type === 'checkpoint' || event.type === 'live') control.pull();
    })
  ).flatMap((event) => (event.type === 'live' ? [decodeFrame(event.bytes)] : []));
  expect(frames.length).toBeGreaterThan(8);
  for (const frame of frames) expect(frame.epoch).toBeCloseTo(frame.step / 3, 12);
  const steps = frames.map((frame) => frame.step);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
});

test('a pull may come ahead of its time: an earlier one takes its place, and a withdrawn watch withdraws it', () => {
  vi.useFakeTimers();
  try {
    const control = new TrainerControl();
    control.watch({ taps: null, probes: null });
    control.pull(200);
    vi.advanceTimersByTime(199);
    expect(control.pulled).toBe(false);
    vi.advanceTimersByTime(1);
    expect(control.takePull()).not.toBeNull();
    control.pull(200);
    control.pull(50);
    vi.advanceTimersByTime(50);
    expect(control.takePull()).not.toBeNull();
    control.pull(200);
    control.pull(0);
    expect(control.takePull()).not.toBeNull();
    vi.advanceTimersByTime(1000);
    expect(control.pulled).toBe(false);
    control.pull(200);
    control.watch(null);
    vi.advanceTimersByTime(1000);
    expect(control.pulled).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});

test('a beat asks anew by itself, a late frame takes the place of the beats that it missed, and it can be held', () => {
  vi.useFakeTimers();
  try {
    const control = new TrainerControl();
    control.watch({ taps: null, probes: null });
    control.pull(50, 200);
    const pulledIn = (ms: number): boolean[] => {
      vi.advanceTimersByTime(ms - 1);
      const before = control.pulled;
      vi.advanceTimersByTime(1);
      return [before, control.pulled];
    };
    expect(pulledIn(50)).toEqual([false, true]);
    vi.advanceTimersByTime(30);
    expect(control.takePull()).not.toBeNull();
    expect(pulledIn(170)).toEqual([false, true]);
    vi.advanceTimersByTime(590); // 10 ms before a beat
    expect(control.takePull()).not.toBeNull();
    expect(pulledIn(210)).toEqual([false, true]);
    control.hold();
    expect(pulledIn(1000)).toEqual([false, false]);
    control.pull(0, 200);
    expect(control.takePull()).not.toBeNull();
    control.pull(100);
    expect(pulledIn(100)).toEqual([false, true]);
    expect(control.takePull()).not.toBeNull();
    expect(pulledIn(1000)).toEqual([false, false]);
    control.pull(0, 200);
    control.watch(null);
    expect(pulledIn(1000)).toEqual([false, false]);
  } finally {
    vi.useRealTimers();
  }
});

test('a paused trainer wakes for a pull whose time comes', async () => {
  const control = new TrainerControl();
  control.watch({ taps: null, probes: null });
  const woken = control.change();
  control.pull(10);
  await woken;
  expect(control.pulled).toBe(true);
});

test('without a watch a pull asks for nothing, and a withdrawn watch withdraws its pull', async () => {
  const control = new TrainerControl();
  control.pull();
  expect(control.takePull()).toBeNull();
  const watch = { taps: null, probes: null };
  control.watch(watch);
  control.pull();
  control.pull();
  expect(control.takePull()).toBe(watch);
  expect(control.takePull()).toBeNull();
  control.pull();
  control.watch(null);
  expect(control.takePull()).toBeNull();
});
