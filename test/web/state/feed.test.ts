import { beforeEach, expect, test, vi } from 'vitest';
import type { Answer } from '../../../shared/protocol.ts';
import { Feed } from '../../../web/src/lib/state/feed.svelte.ts';

/** A socket whose connection and answers the test makes. */
const socket = vi.hoisted(() => ({
  connected: false,
  listeners: {} as Record<string, (...args: never[]) => void>,
  follows: [] as { run: string | null; answer: (answer: Answer) => void }[],
  on(event: string, listener: (...args: never[]) => void) {
    this.listeners[event] = listener;
  },
  emit(event: string, run: string | null, answer: (answer: Answer) => void) {
    if (event === 'follow') this.follows.push({ run, answer });
  },
  connect() {
    this.connected = true;
    this.listeners['connect']!();
  },
  disconnect() {
    this.connected = false;
    this.listeners['disconnect']!('transport close' as never);
  },
}));
vi.mock('socket.io-client', () => ({ io: () => socket }));

let feed: Feed;
let told: string[];
beforeEach(() => {
  Object.assign(socket, { connected: false, follows: [] });
  feed = new Feed();
  told = [];
  feed.on('connected', () => told.push('connected'));
  feed.on('followed', (run) => told.push(run));
});
const asked = (): (string | null)[] => socket.follows.map(({ run }) => run);
const answer = (which: number, reply: Answer = { ok: true }): void => socket.follows[which]!.answer(reply);

test('a run is followed once the server has said so, anew at every connection', () => {
  feed.follow('a');
  expect(asked()).toEqual([]);
  socket.connect();
  expect(told).toEqual(['connected']);
  answer(0);
  expect(told).toEqual(['connected', 'a']);
  socket.disconnect();
  socket.connect();
  expect(told).toEqual(['connected', 'a', 'connected']);
  answer(1);
  expect(told).toEqual(['connected', 'a', 'connected', 'a']);
});

test('an answer is not told for a run that was left meanwhile, nor a refusal', () => {
  socket.connect();
  const leave = feed.follow('a');
  leave();
  feed.follow('b');
  expect(asked()).toEqual(['a', null, 'b']);
  answer(0);
  answer(1);
  answer(2, { ok: false, error: { code: 'NOT_FOUND', message: 'no run b' } });
  expect(told).toEqual(['connected']);
});

test('who leaves does not take another follower along, not even one of the same run', () => {
  socket.connect();
  const leave = feed.follow('a');
  feed.follow('a');
  leave();
  leave();
  expect(asked()).toEqual(['a', 'a']);
});

test('the message of an epoch tells its last step, its metrics and the run, in this order', () => {
  const heard: unknown[] = [];
  for (const event of ['step', 'epoch', 'run'] as const) feed.on(event, (_, value) => heard.push(value));
  socket.connect();
  const epoch = socket.listeners['epoch'] as (...args: unknown[]) => void;
  epoch('a', 'metrics', 'run', 'step');
  epoch('a', 'metrics', 'run', null);
  expect(heard).toEqual(['step', 'metrics', 'run', 'metrics', 'run']);
});
