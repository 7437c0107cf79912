import { beforeEach, expect, test, vi } from 'vitest';
import { decodeFrame, encodeFrame, exactTap, type Frame } from '../../../shared/frame.ts';
import { createViewer, LiveRun, unite, type Viewer } from '../../../server/http/live.ts';
import type { Watch } from '../../../server/runs/session.ts';

/** Those whose time has come. */
let pulls: number;
let watches: Watch[];
let joined: number;
let live: LiveRun;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  pulls = joined = 0;
  watches = [];
  let timer: NodeJS.Timeout;
  live = new LiveRun('run', 'running', {
    watch: (_, watch) => watches.push(watch),
    pull: (_, after, every) => {
      clearTimeout(timer);
      const ring = (): void => {
        pulls++;
        if (every) timer = setTimeout(ring, every);
      };
      if (after > 0) timer = setTimeout(ring, after);
      else ring();
      return true;
    },
    hold: () => clearTimeout(timer),
  });
  return () => vi.useRealTimers();
});

const tap = (id: string) => exactTap(id, [2, 1, 1, 2], Float32Array.of(1, 2, 3, 4));
const frame: Frame = {
  epoch: 1,
  step: 1,
  lambda: 1,
  merged: false,
  loss: null,
  accuracy: null,
  probes: [0, 1],
  taps: [tap('a'), tap('b')],
};
const bytes = encodeFrame(frame);
/** A frame of what was watched last, or of `watch`. */
const receive = (watch: Watch = watches.at(-1)!): string[] => live.receive(bytes, watch, null);

interface Fake {
  viewer: Viewer;
  frames: Buffer[];
  /** Whether each was to be acknowledged. */
  asked: boolean[];
  writable: boolean;
}
function join(taps: string[] | null = null, probes: number[] | null = null, rate = 10): Fake {
  const fake: Fake = { frames: [], asked: [], writable: true } as unknown as Fake;
  fake.viewer = createViewer(
    { runId: 'run', taps, probes, rate },
    {
      id: `${++joined}`,
      writable: () => fake.writable,
      send(part, _, acknowledged) {
        fake.frames.push(part);
        fake.asked.push(acknowledged);
      },
    },
  );
  live.add(fake.viewer);
  return fake;
}
const paint = ({ viewer }: Fake): void => live.painted(viewer);

test('one frame is asked for at a time, and the next only when the last has been painted and is due', () => {
  vi.advanceTimersByTime(10);
  const one = join();
  expect(pulls).toBe(1);
  vi.advanceTimersByTime(5);
  live.tick();
  expect(pulls).toBe(1);
  receive();
  expect(one.frames).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  expect(pulls).toBe(1); // not painted
  paint(one);
  expect(pulls).toBe(2);
  receive();
  paint(one);
  expect(pulls).toBe(2); // not due: 10 a second
  vi.advanceTimersByTime(101);
  expect(pulls).toBe(3);
});

test('the next frame is asked for as soon as the last is painted, for when it is due', () => {
  const asked: number[] = [];
  live = new LiveRun('run', 'running', {
    watch: (_, watch) => watches.push(watch),
    pull: (_, after) => asked.push(after) > 0,
    hold: () => undefined,
  });
  const [ten, four] = [join(null, null, 10), join(null, null, 4)];
  receive();
  vi.advanceTimersByTime(30);
  paint(four);
  paint(ten); // due before the other: both get that frame, or the other waits
  live.tick();
  expect(asked).toEqual([0, 220, 70]);
  join();
  expect(asked.at(-1)).toBe(0);
});

test('one that paints in time gets its frames at a beat, without asking for each', () => {
  const asked: [after: number, every: number | null | undefined][] = [];
  let held = 0;
  live = new LiveRun('run', 'running', {
    watch: (_, watch) => watches.push(watch),
    pull: (_, after, every) => asked.push([after, every]) > 0,
    hold: () => held++,
  });
  const one = join();
  receive();
  vi.advanceTimersByTime(30);
  paint(one);
  expect(asked).toEqual([
    [0, null],
    [70, 100],
  ]);
  for (let beat = 1; beat < 5; beat++) {
    vi.advanceTimersByTime(beat === 1 ? 75 : 95);
    receive();
    vi.advanceTimersByTime(5);
    paint(one);
  }
  expect([one.frames.length, asked.length, held]).toEqual([5, 2, 0]);
  // Not painted in time: the beat's next frame is of no use.
  vi.advanceTimersByTime(95);
  receive();
  vi.advanceTimersByTime(100);
  receive();
  expect([one.frames.length, asked.length, held]).toEqual([6, 2, 1]);
  paint(one);
  expect(asked.slice(2)).toEqual([[0, null]]);
  receive();
  paint(one);
  expect(asked.slice(3)).toEqual([[95, 100]]);
});

test('one that has kept up and stalls gets three frames at most that it is not asked to acknowledge, and then none', () => {
  const one = join();
  const beat = (ms: number): void => {
    receive();
    vi.advanceTimersByTime(ms);
    if (one.asked.at(-1)) paint(one);
    vi.advanceTimersByTime(101 - ms);
  };
  for (let frame = 0; frame < 7; frame++) beat(10);
  expect(one.asked).toEqual([true, true, false, false, false, true, false]);
  for (let frame = 0; frame < 9; frame++) {
    receive();
    vi.advanceTimersByTime(101);
  }
  expect(one.asked.slice(7)).toEqual([false, false, true]);
  paint(one); // too late
  for (let frame = 0; frame < 3; frame++) beat(10);
  expect(one.asked.slice(10)).toEqual([true, true, false]);
});

test('where viewers have different paces, or the run is paused, each frame is asked for', () => {
  const asked: (number | null | undefined)[] = [];
  live = new LiveRun('run', 'running', {
    watch: (_, watch) => watches.push(watch),
    pull: (_, _after, every) => asked.push(every) > 0,
    hold: () => undefined,
  });
  const [ten, four] = [join(null, null, 10), join(null, null, 4)];
  receive();
  [ten, four].forEach(paint);
  expect(asked).toEqual([null, null]);
  live.remove(four.viewer);
  vi.advanceTimersByTime(100);
  receive();
  paint(ten);
  expect(asked).toEqual([null, null, 100]);
  live.enter('paused');
  vi.advanceTimersByTime(100);
  receive();
  paint(ten);
  vi.advanceTimersByTime(100);
  receive(); // the last of the beat
  live.enter('running');
  expect(asked.slice(3)).toEqual([null]);
});

test('viewers of the same part share its bytes, and one who watches all gets the frame as it came', () => {
  const [all, a, b] = [join(), join(['a']), join(['a'])];
  receive();
  expect([all, a, b].map((v) => v.frames.length)).toEqual([1, 1, 1]);
  expect(all.frames[0]!.equals(Buffer.from(bytes))).toBe(true);
  expect(a.frames[0]).toBe(b.frames[0]);
  expect(decodeFrame(a.frames[0]!).taps.map((t) => t.id)).toEqual(['a']);
});

test('a frame that was computed for another view goes only to those whose view it holds', () => {
  const a = join(['a'], [0]);
  const both = join(['a', 'b'], [0]);
  const other = join(null, [0]);
  receive({ taps: ['b', 'a'], probes: null });
  expect([a, both, other].map((v) => v.frames.length)).toEqual([1, 1, 0]);
  expect(pulls).toBe(2); // for the one that got nothing
  receive({ taps: ['a'], probes: [1] });
  expect([a, both, other].map((v) => v.frames.length)).toEqual([1, 1, 0]);
  receive({ taps: null, probes: [0, 1] });
  expect(other.frames).toHaveLength(1);
  expect(decodeFrame(other.frames[0]!).probes).toEqual([0]);
});

test('who was sent a frame is told to whoever brought it', () => {
  const [one, two] = [join(['a']), join(['b'])];
  two.writable = false;
  expect(receive()).toEqual(['1']);
  expect(receive()).toEqual([]); // not painted yet
  two.writable = true;
  paint(one);
  vi.advanceTimersByTime(101);
  expect(receive()).toEqual(['1', '2']);
});

test('viewers of one pace that joined at different times share frames from their second on', () => {
  const all = [0, 37, 55, 81].map((at, i, times) => {
    vi.advanceTimersByTime(at - (times[i - 1] ?? 0));
    const one = join(['a']);
    receive();
    paint(one);
    return one;
  });
  const before = pulls;
  for (let frame = 0; frame < 5; frame++) {
    vi.advanceTimersByTime(100);
    receive();
    all.forEach(paint);
  }
  expect(pulls - before).toBe(5);
  for (const { frames } of all) expect(frames).toHaveLength(6);
});

test('one that takes part in a frame shortly before its own is due gets no second one at that time', () => {
  const [ten, eleven] = [join(['a'], null, 10), join(['a'], null, 1000 / 90)];
  receive();
  [ten, eleven].forEach(paint);
  vi.advanceTimersByTime(90);
  receive();
  expect([ten, eleven].map((v) => v.frames.length)).toEqual([2, 2]);
  [ten, eleven].forEach(paint);
  const before = pulls;
  vi.advanceTimersByTime(85);
  expect(pulls).toBe(before);
  vi.advanceTimersByTime(10);
  expect(pulls).toBe(before + 1);
});

test('one that paints slowly waits for the frames of the others', () => {
  const [quick, slow] = [join(['a']), join(['a'])];
  receive();
  paint(quick);
  vi.advanceTimersByTime(101);
  receive();
  paint(quick);
  const before = pulls;
  vi.advanceTimersByTime(20);
  paint(slow);
  expect(pulls).toBe(before);
  vi.advanceTimersByTime(80);
  expect(pulls).toBe(before + 1);
  receive();
  expect([quick, slow].map((v) => v.frames.length)).toEqual([3, 2]);
});

test('a client that takes no bytes causes no frame and is sent none, until it reads again', () => {
  const stalled = join();
  receive();
  stalled.writable = false;
  paint(stalled);
  vi.advanceTimersByTime(1000);
  expect(pulls).toBe(1);
  const other = join();
  receive();
  expect([stalled.frames.length, other.frames.length]).toEqual([1, 1]);
  stalled.writable = true;
  live.tick(stalled.viewer);
  vi.advanceTimersByTime(100);
  expect(pulls).toBe(3);
  receive();
  expect(stalled.frames).toHaveLength(2);
});

test('the training process is told what all viewers together watch, only when that changes', () => {
  const [a, b] = [join(['a'], [1]), join(['b'], [0])];
  const again = join(['a'], [0]);
  live.remove(again.viewer);
  live.remove(b.viewer);
  live.remove(a.viewer);
  expect(watches).toEqual([
    { taps: ['a'], probes: [1] },
    { taps: ['a', 'b'], probes: [0, 1] },
    { taps: ['a'], probes: [1] },
    null,
  ]);
  vi.advanceTimersByTime(1000);
  expect(pulls).toBe(1);
});

test('null means all in a union, and no viewer means nothing', () => {
  expect(unite([])).toBeNull();
  expect(
    unite([
      { taps: ['a'], probes: [10, 9] },
      { taps: null, probes: [9] },
    ]),
  ).toEqual({
    taps: null,
    probes: [9, 10],
  });
});

test('a run that starts anew is asked anew, and a paused one once for each viewer', () => {
  const one = join();
  live.enter('stopped'); // the request has gone with its process
  expect(pulls).toBe(2);
  live.enter('paused');
  receive();
  paint(one);
  vi.advanceTimersByTime(1000);
  expect([one.frames.length, pulls]).toEqual([1, 2]);
  join();
  expect(pulls).toBe(3);
  receive();
  expect(one.frames).toHaveLength(1);
  live.enter('running');
  expect(pulls).toBe(4);
});

test('where sending takes long, frames come less often', () => {
  const one = createViewer(
    { runId: 'run', taps: null, probes: null, rate: 10 },
    { id: 'one', writable: () => true, send: () => void vi.advanceTimersByTime(4) },
  );
  const paintNext = (): void => {
    receive();
    live.painted(one);
  };
  live.add(one);
  for (let frame = 1; frame < 3; frame++) {
    paintNext();
    vi.advanceTimersByTime(101);
  }
  const before = pulls;
  paintNext();
  vi.advanceTimersByTime(800);
  expect(pulls).toBe(before);
  vi.advanceTimersByTime(300);
  expect(pulls).toBe(before + 1);
});
