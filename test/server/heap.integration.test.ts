import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { SERVER_HEAPS, TRAINING_HEAPS } from '../../server/heap.mjs';

/** Lets the young generation grow as much as it may, and says how large it is, MiB. */
const GROW = `
  const { getHeapSpaceStatistics } = require('node:v8');
  let kept = [];
  for (let i = 0; i < 2e6; i++) {
    kept.push({ i });
    if (kept.length > 3e5) kept = [];
  }
  const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  const young = space_size / 2 ** 20;`;

function youngHeaps(flags: readonly string[]): { main: number; thread: number } {
  const script = `${GROW}
    const { Worker } = require('node:worker_threads');
    const code = ${JSON.stringify(`${GROW} require('node:worker_threads').parentPort.postMessage(young);`)};
    new Worker(code, { eval: true, execArgv: [] }).once('message', (thread) =>
      console.log(JSON.stringify({ main: young, thread })),
    );`;
  return JSON.parse(execFileSync(process.execPath, [...flags, '-e', script], { encoding: 'utf8' })) as {
    main: number;
    thread: number;
  };
}

test.each([
  { flags: SERVER_HEAPS, most: 8 },
  { flags: TRAINING_HEAPS, most: 16 },
])('young generations stay below $most MiB with the flags of long-lived processes', ({ flags, most }) => {
  const { main, thread } = youngHeaps(flags);
  expect(main).toBeLessThanOrEqual(most);
  expect(thread).toBeLessThanOrEqual(2);
});

test('without flags they grow', () => {
  const { main, thread } = youngHeaps([]);
  expect(main).toBeGreaterThan(16);
  expect(thread).toBeGreaterThan(2);
});
