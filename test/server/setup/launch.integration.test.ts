/** The launcher alone: set-up itself would install packages, which no test should do to the tree it runs in. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const LAUNCH = new URL('../../../server/setup/launch.mjs', import.meta.url).href;

let folder: string;
let child: ChildProcess;
let output: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launch-'));
});
afterEach(async () => {
  child.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

/** Starts the program through the launcher, in a folder that is not the project's; resolves when it has ended. */
function launch(...args: string[]): Promise<{ code: number | null }> {
  output = '';
  const code = `const { launch } = await import(${JSON.stringify(LAUNCH)}); launch(${JSON.stringify(args)})`;
  child = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk) => (output += String(chunk)));
  return new Promise((resolve) => child.once('close', (exit) => resolve({ code: exit })));
}

test('arguments reach the program from any folder, and its exit code comes back', async () => {
  expect(await launch('serve', '--help')).toEqual({ code: 0 });
  expect(output).toMatch(/--port/);
  const { code } = await launch('serve', '--no-such-option');
  expect(code).toBeGreaterThan(0);
  expect(output).toMatch(/--no-such-option/);
});

test.skipIf(process.platform === 'win32')(
  'a signal to the launcher ends the server in good order',
  async () => {
    const ended = launch(
      'serve',
      '--port',
      '0',
      '--runs',
      join(folder, 'runs'),
      '--no-demo',
      '--backend',
      'cpu',
    );
    await expect.poll(() => output, { timeout: 120_000 }).toMatch(/vanillascope ready at http/);
    const address = /ready at (\S+)/.exec(output)![1]!;
    expect((await fetch(`${address}/api/datasets`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0 });
    await expect(fetch(`${address}/api/datasets`)).rejects.toThrow();
  },
);
