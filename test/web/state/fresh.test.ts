import { expect, test } from 'vitest';
import { Fresh } from '../../../web/src/lib/state/fresh.ts';

/** One value, read over REST and told by events; each read is answered by hand. */
function bench() {
  const fresh = new Fresh();
  const replies: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  const seen = { value: '', taken: [] as string[] };
  const take = (value: string): void => {
    seen.value = value;
    seen.taken.push(value);
  };
  return {
    seen,
    event: (value: string): void => fresh.event(() => take(value)),
    read: (): Promise<void> =>
      fresh.read(() => new Promise<string>((resolve, reject) => replies.push({ resolve, reject })), take),
    reply: (which: number, value: string): void => replies[which]!.resolve(value),
    fail: (which: number): void => replies[which]!.reject(new Error('gone')),
  };
}

test('an event that comes while a reply is on its way stands on top of it', async () => {
  const { seen, event, read, reply } = bench();
  const reading = read();
  event('new');
  expect(seen.value).toBe('new');
  reply(0, 'old');
  await reading;
  expect(seen.value).toBe('new');
});

test('an event from before the question is in the reply already and is not taken again', async () => {
  const { seen, event, read, reply } = bench();
  event('a');
  const reading = read();
  reply(0, 'b');
  await reading;
  event('c');
  expect(seen.taken).toEqual(['a', 'b', 'c']);
});

test('of two replies the one that was asked for later stays, whichever comes first', async () => {
  const { seen, event, read, reply } = bench();
  const readings = [read(), read()];
  event('event');
  reply(1, 'second');
  await readings[1];
  reply(0, 'first');
  await Promise.all(readings);
  expect(seen.taken).toEqual(['event', 'second', 'event']);
});

test('a failure is told, but not that of a reply that nobody needs any more', async () => {
  const { seen, read, reply, fail } = bench();
  const readings = [read(), read(), read()];
  fail(2);
  await expect(readings[2]).rejects.toThrow('gone');
  reply(1, 'second');
  await readings[1];
  fail(0);
  await readings[0];
  expect(seen.value).toBe('second');
});
