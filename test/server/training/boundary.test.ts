import { beforeEach, expect, test, vi } from 'vitest';
import type { StepMetrics } from '../../../shared/protocol.ts';
import { Boundary } from '../../../server/training/boundary.ts';
import { LiveBudget } from '../../../server/training/budget.ts';
import { TrainerControl, type Watch } from '../../../server/training/control.ts';
import type { TrainerEvent } from '../../../server/training/messages.ts';
import { Pace } from '../../../server/training/pace.ts';

let now: number;
/** By how much each look at the clock moves it. */
let tick: number;
let control: TrainerControl;
let boundary: Boundary;
/** What a frame costs by the clock: to prepare, and to read and to pack once it was prepared behind a step; and how it
 * comes. */
let cost: number;
let reading: number;
let packing: number;
let compute: () => Promise<Uint8Array>;
let computed: Watch[];
/** What goes wrong with packing. */
let fault: Error | null;
let step: StepMetrics | undefined;

const WATCH: Watch = { taps: ['stem.out'], probes: [0] };

beforeEach(() => {
  now = tick = 0;
  cost = 0.01;
  reading = packing = 0;
  computed = [];
  step = undefined;
  fault = null;
  compute = async () => new Uint8Array([computed.length]);
  control = new TrainerControl();
  boundary = create();
});

function create(lag?: number): Boundary {
  const clock = (): number => (now += tick);
  return new Boundary({
    ...{ control, lag },
    pace: new Pace({ epochs: 1, stepsPerEpoch: 1 }, clock),
    budget: new LiveBudget({ now: clock }),
    frame: async (watch, when) => {
      computed.push(watch);
      now += cost;
      await when?.read;
      if (when) now += reading;
      const bytes = await compute();
      await when?.packed;
      if (when) now += packing;
      if (fault) throw fault;
      return bytes;
    },
    step: () => step,
  });
}

/** The events of one boundary. */
async function attend(): Promise<TrainerEvent[]> {
  const events: TrainerEvent[] = [];
  for await (const event of boundary.attend()) events.push(event);
  return events;
}

/** The events behind a step that the device computes until `behind` seconds after it was issued. */
async function follow(behind = 0): Promise<TrainerEvent[]> {
  const events: TrainerEvent[] = [];
  for await (const event of boundary.follow()) events.push(event);
  now += behind;
  boundary.stepDone();
  return events;
}

/** Pulls and attends at each of some steps of 0.1 s, of which the device computes `behind` seconds after they were
 * issued; gives the number of frames. */
async function train(steps: number, behind = 0): Promise<number> {
  let frames = 0;
  for (let i = 0; i < steps; i++) {
    control.pull();
    frames += (await attend()).length;
    now += 0.1 - behind;
    frames += (await follow(behind)).length;
  }
  return frames + (await attend()).length;
}

/** Has a frame prepared behind a step that the device computes for so many seconds more. */
async function prepare(behind = 0): Promise<void> {
  control.watch(WATCH);
  await train(1); // the first of a watch is waited for
  now += 10;
  computed = [];
  control.pull();
  expect(await attend()).toEqual([]);
  expect(computed).toEqual([]);
  expect(await follow(behind)).toEqual([]);
  expect(computed).toEqual([WATCH]);
}

test('a pull is answered at the next boundary, by a frame that tells which watch it shows', async () => {
  expect(await attend()).toEqual([]);
  control.watch(WATCH);
  expect(await attend()).toEqual([]);
  control.pull();
  expect(await attend()).toEqual([{ type: 'live', bytes: new Uint8Array([1]), watch: WATCH }]);
  expect(await attend()).toEqual([]);
});

test('frames that cost more than their budget come less often than asked for, and go on coming', async () => {
  control.watch(WATCH);
  const first = await train(1000);
  const later = await train(1000);
  expect(first).toBeGreaterThan(later);
  expect(later * cost).toBeLessThanOrEqual(0.02 * 100);
  expect(later * cost).toBeGreaterThan(0.01 * 100);
});

test('a frame is prepared behind a step, and read and packed at the next boundary', async () => {
  await prepare();
  const reads: number[] = [];
  compute = async () => {
    reads.push(now);
    return new Uint8Array([9]);
  };
  expect(await follow()).toEqual([]);
  expect(reads).toEqual([]);
  expect(await attend()).toEqual([{ type: 'live', bytes: new Uint8Array([9]), watch: WATCH }]);
  expect(reads).toEqual([now]);
});

test('where the device is busy behind a step, a frame is packed and handed over behind the next', async () => {
  packing = 1;
  await prepare(0.01);
  const before = now;
  expect(await attend()).toEqual([]);
  expect(now).toBe(before);
  expect(await follow(0.01)).toMatchObject([{ type: 'live', watch: WATCH }]);
  expect(now).toBe(before + 1.01);
  expect(await attend()).toEqual([]);
});

test('where asking waits for all that was issued, a frame is asked for once the step ahead of it is done', async () => {
  boundary = create(1);
  control.watch(WATCH);
  await train(1);
  await follow(0.01);
  const asked = vi.fn(async () => new Uint8Array([9]));
  compute = asked;
  for (const watch of [WATCH, { taps: null, probes: [1] }]) {
    // Also the first frame of a view: it would wait for the step ahead of it as well.
    control.watch(watch);
    now += 10;
    computed = [];
    asked.mockClear();
    control.pull();
    expect(await attend()).toEqual([]);
    expect(computed).toEqual([watch]);
    expect(asked).not.toHaveBeenCalled();
    expect(await follow(0.01)).toEqual([]);
    expect(asked).not.toHaveBeenCalled();
    expect(await attend()).toEqual([]);
    expect(asked).toHaveBeenCalledOnce();
    expect(await follow(0.01)).toEqual([{ type: 'live', bytes: new Uint8Array([9]), watch }]);
  }
});

test('where the device has nothing to do meanwhile, a frame is asked for at once', async () => {
  boundary = create(1);
  await prepare();
  expect(await attend()).toMatchObject([{ type: 'live', watch: WATCH }]);
});

test.each(['pause', 'stop'] as const)(
  'a frame that waits for a step comes although there is a %s',
  async (what) => {
    await prepare(0.01);
    control[what]();
    const events = boundary.attend();
    expect((await events.next()).value).toMatchObject({ type: 'live', watch: WATCH });
    expect((await events.next()).value).toEqual(what === 'pause' ? { type: 'paused' } : undefined);
    await events.return(undefined);
  },
);

test.each(['pause', 'stop'] as const)(
  'a frame that was read and waits to be packed comes although there is a %s',
  async (what) => {
    await prepare(0.01);
    await attend();
    control[what]();
    const events = boundary.attend();
    expect((await events.next()).value).toMatchObject({ type: 'live', watch: WATCH });
    await events.return(undefined);
  },
);

test('a frame that waits for a step comes amid other work', async () => {
  await prepare(0.01);
  const events: TrainerEvent[] = [];
  for await (const event of boundary.glance()) events.push(event);
  expect(events).toMatchObject([{ type: 'live', watch: WATCH }]);
});

test('what a frame costs while the device is busy with a step is not charged', async () => {
  cost = packing = 0.025;
  control.watch(WATCH);
  const first = await train(500);
  const hidden = await train(500, 0.08);
  expect(hidden).toBeGreaterThan(3 * first);
  reading = 0.05;
  expect(await train(500, 0.08)).toBeLessThan(hidden / 2);
});

test('a frame takes along what is to be told of the latest step', async () => {
  step = { step: 7 } as StepMetrics;
  control.watch(WATCH);
  control.pull();
  expect(await attend()).toMatchObject([{ type: 'live', step }]);
  await prepare(0.01);
  await attend();
  expect(await follow(0.01)).toMatchObject([{ type: 'live', step }]);
});

test('steps without a frame are charged to nobody', async () => {
  tick = 1e-5;
  for (let i = 0; i < 5000; i++) await follow();
  tick = 0;
  control.watch(WATCH);
  expect(await train(1)).toBe(1);
  control.pull();
  await follow();
  expect(await attend()).toMatchObject([{ type: 'live', watch: WATCH }]);
});

test('the first frame of another watch comes although the budget is spent', async () => {
  cost = 1;
  control.watch(WATCH);
  expect(await train(5)).toBe(1);
  const other: Watch = { taps: ['logits'], probes: null };
  control.watch(other);
  control.pull();
  expect(await attend()).toMatchObject([{ type: 'live', watch: other }]);
  control.pull();
  expect(await attend()).toEqual([]);
});

test('a frame that a device still computes holds no step up and comes at a later boundary', async () => {
  let finish = (_: Uint8Array): void => undefined;
  compute = () => new Promise((resolve) => (finish = resolve));
  control.watch(WATCH);
  control.pull();
  expect(await attend()).toEqual([]);
  control.pull();
  expect(await attend()).toEqual([]);
  expect(computed).toHaveLength(1); // one at a time
  finish(new Uint8Array([7]));
  expect(await attend()).toMatchObject([{ type: 'live', bytes: new Uint8Array([7]) }]);
  expect(computed).toHaveLength(1);
  await follow(); // the second pull begins the next
  expect(computed).toHaveLength(2);
});

test('a frame under way is waited for by a pause, and pulls of a pause are all answered', async () => {
  let finish = (_: Uint8Array): void => undefined;
  compute = () => new Promise((resolve) => (finish = resolve));
  control.watch(WATCH);
  control.pull();
  await attend();
  control.pause();
  const events = boundary.attend();
  expect((await events.next()).value).toEqual({ type: 'paused' });
  const next = events.next();
  finish(new Uint8Array([1]));
  expect((await next).value).toMatchObject({ type: 'live', bytes: new Uint8Array([1]) });
  compute = async () => new Uint8Array([2]);
  cost = 100;
  for (let i = 0; i < 3; i++) {
    control.pull();
    expect((await events.next()).value).toMatchObject({ type: 'live', bytes: new Uint8Array([2]) });
  }
  control.resume();
  expect((await events.next()).value).toEqual({ type: 'resumed' });
  expect((await events.next()).done).toBe(true);
  cost = 0.01;
  control.pull();
  await follow();
  expect(await attend()).toHaveLength(1); // what the pause computed was free
});

test('what goes wrong with a frame is thrown at the boundary', async () => {
  compute = () => Promise.reject(new Error('tap stem.out is not finite'));
  control.watch(WATCH);
  control.pull();
  await expect(attend()).rejects.toThrow('not finite');
});

test('what goes wrong with a frame behind a step is thrown at the boundary after it', async () => {
  await prepare(0.01);
  await attend();
  fault = new Error('tap stem.out is not finite');
  expect(await follow(0.01)).toEqual([]);
  await expect(attend()).rejects.toThrow('not finite');
});
