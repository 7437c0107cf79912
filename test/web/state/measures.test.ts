import { expect, test } from 'vitest';
import type { SnapshotMeasures } from '../../../shared/protocol.ts';
import { Latest } from '../../../web/src/lib/state/latest.svelte.ts';
import { Measures } from '../../../web/src/lib/state/measures.svelte.ts';
import { Listeners } from '../../../web/src/lib/state/listeners.ts';

const measures = (snapshot: string, images = 128): SnapshotMeasures => ({
  snapshot,
  epoch: Number.parseInt(snapshot, 10),
  lambda: 1,
  merged: false,
  images,
  blocks: [],
});
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

type Events = { measures: [run: string, measures: SnapshotMeasures]; followed: [run: string] };

/** Measures of run `a` with a feed whose events the test tells, and replies that it gives. */
function bench(replies: (SnapshotMeasures[] | Error)[]) {
  const listeners = new Listeners<Events>();
  const feed = { on: listeners.add.bind(listeners) };
  const subject = new Measures(
    'a',
    feed as unknown as ConstructorParameters<typeof Measures>[1],
    async () => {
      const reply = replies.shift()!;
      if (reply instanceof Error) throw reply;
      return reply;
    },
  );
  return { subject, listeners, ids: () => subject.list.map((m) => m.snapshot) };
}

test('what is read over REST is kept fresh by the feed, in order of time', async () => {
  const { subject, listeners, ids } = bench([[measures('0'), measures('2')]]);
  const close = subject.open();
  expect(subject.loading).toBe(true);
  await settle();
  expect(subject.loading).toBe(false);
  listeners.tell('measures', 'a', measures('2m'));
  listeners.tell('measures', 'a', measures('1'));
  listeners.tell('measures', 'b', measures('9'));
  listeners.tell('measures', 'a', measures('2', 14));
  expect(ids()).toEqual(['0', '1', '2', '2m']);
  expect(subject.list[2]!.images).toBe(14);
  close();
  listeners.tell('measures', 'a', measures('3'));
  expect(ids()).toEqual(['0', '1', '2', '2m']);
});

test('what is measured between the reply and the following is read once the run is followed', async () => {
  const { subject, listeners, ids } = bench([[measures('0')], [measures('0'), measures('1'), measures('2')]]);
  subject.open();
  await settle();
  listeners.tell('followed', 'b');
  await settle();
  expect(ids()).toEqual(['0']);
  listeners.tell('followed', 'a');
  await settle();
  expect(ids()).toEqual(['0', '1', '2']);
});

test('no reply undoes an event that came while it was on its way', async () => {
  const { subject, listeners } = bench([[measures('0'), measures('1')]]);
  subject.open();
  listeners.tell('measures', 'a', measures('1', 14));
  listeners.tell('measures', 'a', measures('2'));
  await settle();
  expect(subject.list.map((m) => [m.snapshot, m.images])).toEqual([
    ['0', 128],
    ['1', 14],
    ['2', 128],
  ]);
});

test('a failure is told, and what was known stays', async () => {
  const { subject, ids } = bench([[measures('0')], new Error('gone'), []]);
  subject.open();
  await settle();
  await subject.read();
  expect(subject.error?.message).toBe('gone');
  expect(ids()).toEqual(['0']);
  await subject.read();
  expect(subject.error).toBeNull();
});

test('only the answer to the latest question is shown, and the one before it until then', async () => {
  const latest = new Latest<string>();
  const asked: Record<string, (value: string) => void> = {};
  const signals: AbortSignal[] = [];
  const ask = (key: string): void =>
    latest.ask(key, (signal) => {
      signals.push(signal);
      return new Promise((resolve) => (asked[key] = resolve));
    });
  ask('a');
  asked['a']!('A');
  await settle();
  expect([latest.key, latest.value]).toEqual(['a', 'A']);
  ask('b');
  ask('c');
  ask('c');
  // Aborting one that has been answered does nothing.
  expect(signals.map((s) => s.aborted)).toEqual([true, true, false]);
  asked['b']!('B');
  await settle();
  expect([latest.key, latest.value]).toEqual(['a', 'A']);
  asked['c']!('C');
  await settle();
  expect([latest.key, latest.value]).toEqual(['c', 'C']);
});

test('a question that fails shows its error and no old answer; closed, nothing is shown', async () => {
  const latest = new Latest<string>();
  latest.ask('a', async () => 'A');
  await settle();
  latest.ask('b', () => Promise.reject(new Error('no')));
  await settle();
  expect([latest.value, latest.error?.message]).toEqual([null, 'no']);
  latest.ask('a', async () => 'A');
  await settle();
  expect([latest.value, latest.error]).toEqual(['A', null]);
  latest.close();
  expect(latest.value).toBeNull();
});
