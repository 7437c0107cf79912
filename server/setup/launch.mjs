/** Starting the program itself, server/main.ts, with signals and exit code passed on. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { SERVER_HEAPS } from '../heap.mjs';
import { TYPESCRIPT } from '../typescript.mjs';
import { ROOT } from './prepare.mjs';

/** Signals that ask the program to end. */
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** Runs the program with these arguments and ends as it ends.
 * @param {readonly string[]} args
 * @returns {void} */
export function launch(args) {
  const own = process.platform !== 'win32';
  const child = spawn(
    process.execPath,
    [...SERVER_HEAPS, ...TYPESCRIPT, join(ROOT, 'server/main.ts'), ...args],
    {
      stdio: 'inherit',
      // A group of its own: Ctrl-C reaches it once, from here, and not again from the terminal and from npm.
      detached: own,
      env: { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') },
    },
  );
  let asked = 0;
  /** @param {NodeJS.Signals} signal */
  const ask = (signal) => {
    const now = performance.now();
    if (asked > 0 && now - asked < 500) return; // the same Ctrl-C, by way of npm
    child.kill(asked === 0 ? signal : 'SIGKILL');
    asked = now;
  };
  for (const signal of SIGNALS) process.on(signal, () => ask(signal === 'SIGHUP' ? 'SIGTERM' : signal));
  // npm passes SIGTERM to the shell between us, which ends without a word to its child: see whether it is gone.
  const parent = process.ppid;
  if (process.env.npm_command)
    setInterval(() => asked === 0 && process.ppid !== parent && ask('SIGTERM'), 500).unref();
  child.once('error', (error) => {
    console.error(`vanillascope can't be started: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
}
