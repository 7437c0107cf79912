import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { provideWheel, wheelReason } from '../../../server/setup/wheel.mjs';

let folder: string;
let said: string[];
const say = (text: string): number => said.push(text);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wheel-'));
  said = [];
  for (const name of ['VANILLASCOPE_SKIP_TENSORFLOW', 'VANILLASCOPE_TENSORFLOW', 'VANILLASCOPE_PYTHON'])
    vi.stubEnv(name, '');
  vi.stubEnv('VANILLASCOPE_CACHE', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test('a wheel that was fetched before is taken from the cache', async () => {
  vi.stubEnv('PATH', folder); // no Python here
  const wheel = join(folder, 'wheels/tensorflow-cpu/tensorflow');
  const header = join(wheel, 'include/tensorflow/c/eager/c_api.h');
  mkdirSync(dirname(header), { recursive: true });
  writeFileSync(header, '');
  expect(await provideWheel(say)).toBe(wheel);
  expect(said).toEqual([]);
});

test.skipIf(process.platform === 'win32')('without a Python it says so, and leaves nothing', async () => {
  vi.stubEnv('PATH', folder);
  expect(await provideWheel(say)).toBeUndefined();
  expect(said.at(-1)).toBe('the TensorFlow engine will not be tested: there is no python3');
});

test('the folder that is named is taken, and leaving it out is said', async () => {
  vi.stubEnv('VANILLASCOPE_TENSORFLOW', '/somewhere');
  expect(await provideWheel(say)).toBe('/somewhere');
  vi.stubEnv('VANILLASCOPE_SKIP_TENSORFLOW', '1');
  expect(await provideWheel(say)).toBeUndefined();
  expect(said).toEqual(['no TensorFlow for the tests: VANILLASCOPE_SKIP_TENSORFLOW is set']);
});

test('the reason is told in a few words', () => {
  const outcome = { code: 1, signal: null, timedOut: false, output: '' };
  expect(wheelReason({ ...outcome, output: '/usr/bin/python3: No module named pip' })).toBe(
    'python3 has no pip',
  );
  expect(wheelReason({ ...outcome, output: 'x NewConnectionError y\nERROR: z' })).toBe(
    'no package index can be reached',
  );
  expect(
    wheelReason({ ...outcome, output: 'ERROR: No matching distribution found for tensorflow-cpu\n' }),
  ).toBe('No matching distribution found for tensorflow-cpu');
  expect(wheelReason({ ...outcome, timedOut: true })).toContain('4 minutes');
});
