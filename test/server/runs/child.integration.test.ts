import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Child, type ChildExit } from '../../../server/runs/child.ts';
import { TYPESCRIPT } from '../../../server/typescript.mjs';
import { hangStarts, isAlive } from './hanging.ts';
import { until } from './helper.ts';

const folder = mkdtempSync(join(tmpdir(), 'vanillascope-child-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Sends back what it is sent, and ends at 'end'. */
const ECHO = join(folder, 'echo.mjs');
writeFileSync(
  ECHO,
  `process.on('message', (message) => process.send(message, () => message === 'end' && process.exit(4)));`,
);
const PARENT = fileURLToPath(new URL('child.parent.ts', import.meta.url));

interface Heard {
  child: Child;
  messages: unknown[];
  exits: ChildExit[];
}

function begin(upSeconds?: number, serialization?: 'json' | 'advanced'): Heard {
  const messages: unknown[] = [];
  const exits: ChildExit[] = [];
  const child = new Child(
    ECHO,
    { upSeconds, serialization },
    { onMessage: (message) => messages.push(message), onExit: (exit) => exits.push(exit) },
  );
  return { child, messages, exits };
}

test.each(['json', 'advanced'] as const)('messages go to and fro in order, as %s', async (serialization) => {
  const { child, messages, exits } = begin(undefined, serialization);
  child.send('before it is up');
  child.send('so is this');
  await until(() => messages.length === 2);
  child.send('end');
  await until(() => exits.length > 0);
  expect(messages).toEqual(['before it is up', 'so is this', 'end']);
  expect(exits).toEqual([{ code: 4, signal: null, notStarted: null }]);
  child.send('to nobody');
});

test('one that hangs in its start is killed and started once more, with what was sent meanwhile', async () => {
  const pids = hangStarts(1);
  const { child, messages, exits } = begin(5);
  child.send('first');
  child.send('end');
  await until(() => exits.length > 0);
  expect(messages).toEqual(['first', 'end']);
  expect(exits).toEqual([{ code: 4, signal: null, notStarted: null }]);
  expect(pids()).toHaveLength(2);
  await until(() => !pids().some(isAlive));
});

test('one that never comes up is given up with the reason', async () => {
  const pids = hangStarts(9);
  const { exits } = begin(2);
  await until(() => exits.length > 0);
  expect(exits).toEqual([{ code: null, signal: null, notStarted: 'did not start within 2 × 2 s' }]);
  expect(pids()).toHaveLength(2);
  await until(() => !pids().some(isAlive));
  expect(exits).toHaveLength(1);
});

test('one that is killed in its start is not started again', async () => {
  const pids = hangStarts(9);
  const { child, exits } = begin(1);
  await until(() => pids().length === 1);
  child.kill();
  await until(() => exits.length > 0);
  expect(exits).toEqual([{ code: null, signal: 'SIGKILL', notStarted: null }]);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(pids()).toHaveLength(1);
});

test('one that hangs in its start is killed when the program ends by itself', async () => {
  const pids = hangStarts(1, 1);
  const parent = fork(PARENT, [ECHO], { execArgv: [...TYPESCRIPT] });
  const ended = new Promise((resolve) => parent.once('exit', resolve));
  await until(() => pids().length === 2);
  expect(isAlive(pids()[1]!)).toBe(true);
  parent.send('end');
  expect(await ended).toBe(3);
  await until(() => !isAlive(pids()[1]!));
});
