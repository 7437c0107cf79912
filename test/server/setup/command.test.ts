import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { run } from '../../../server/setup/command.mjs';
import { tensorflowReason } from '../../../server/setup/tensorflow.mjs';

const node = (code: string, options: Parameters<typeof run>[2] = {}) =>
  run(process.execPath, ['-e', code], options);

test('what a program prints and its exit code come back', async () => {
  const outcome = await node('console.log("out"); console.error("err"); process.exitCode = 3');
  expect(outcome).toMatchObject({ code: 3, signal: null, timedOut: false });
  expect(outcome.output).toMatch(/out/);
  expect(outcome.output).toMatch(/err/);
});

test('a program that takes too long is ended, with those it started', async () => {
  const grandchild = 'setTimeout(() => {}, 60_000)';
  const child = `console.log(require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}]).pid);
    setTimeout(() => {}, 60_000)`;
  const outcome = await node(child, { limitMs: 2_000 });
  expect(outcome.timedOut).toBe(true);
  const pid = Number(outcome.output.trim());
  expect(pid).toBeGreaterThan(0);
  const alive = (): boolean => {
    try {
      process.kill(pid, 0);
    } catch {
      return false;
    }
    const stat = `/proc/${pid}/stat`; // in a container an ended process may stay as a zombie
    return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'));
  };
  await expect.poll(alive, { timeout: 20_000 }).toBe(false);
});

test('a program that is not there is named', async () => {
  await expect(run('no-such-program-here', [])).rejects.toThrow(/no-such-program-here can't be run/);
});

test('why TensorFlow could not be downloaded is told in a few words', () => {
  const reason = (output: string, timedOut = false): string =>
    tensorflowReason({ code: 1, signal: null, timedOut, output });
  expect(reason('Error: getaddrinfo ENOTFOUND storage.googleapis.com\n at x')).toBe(
    "storage.googleapis.com can't be reached",
  );
  expect(reason('* Downloading', true)).toMatch(/did not end within 5 minutes/);
  expect(reason('Error: Unsupported system: gpu-freebsd-x64')).toMatch(/there is none for/);
  expect(reason('node-pre-gyp install failed with error: …')).toMatch(/no binding for this Node/);
  expect(reason('TypeError: it broke\n at x')).toBe('it broke');
  expect(reason('')).toBe('its install script failed');
});
