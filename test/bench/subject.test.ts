import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { beside } from './beside.ts';
import { rungCommand } from './subject.ts';

test("a rung's process is started by the command asked for, which takes its name last", () => {
  expect(rungCommand('webgpu', ['bash', 'run.sh', '-x'])).toEqual(['bash', ['run.sh', '-x', 'webgpu']]);
  expect(rungCommand('wasm', ['run'])).toEqual(['run', ['wasm']]);
});

test('without one it is started from the sources, by the Node.js that runs the bench', () => {
  const [command, args] = rungCommand('wasm', null);
  expect([command, args.at(-1)]).toEqual([process.execPath, 'wasm']);
  expect(existsSync(args.at(-2)!)).toBe(true);
});

test('the peer in Python is found beside the sources', () => {
  expect(existsSync(beside('peer.py'))).toBe(true);
});
