import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { collect, shrink } from '../../server/heap.mjs';

test.each([collect, shrink])('$name frees what nobody holds any more and leaves the rest', async (free) => {
  const held = { buffer: new ArrayBuffer(1 << 20) };
  const kept = new WeakRef(held);
  const dropped = ((): WeakRef<object> => new WeakRef({ buffer: new ArrayBuffer(1 << 20) }))();
  await turn(); // a WeakRef keeps its target until the job that made it ends
  free();
  free(); // again: the way to the collector is found only once
  expect(dropped.deref()).toBeUndefined();
  expect(kept.deref()).toBe(held);
});
