/** Running other programs during set-up: npm, apt-get, the steps of the gate. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A reason to stop that is meant for a person; printed without a stack trace. */
export class SetupError extends Error {}

/**
 * @typedef {object} Outcome
 * @property {number | null} code exit code; null where a signal ended it
 * @property {NodeJS.Signals | null} signal
 * @property {boolean} timedOut
 * @property {string} output the last 64 kB of what it printed, empty where it was shown
 */

/** Ends a program and all that it started.
 * @param {import('node:child_process').ChildProcess} child started with `detached` */
function endGroup(child) {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f']);
  else
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
}

/**
 * Runs a program to its end. It prints as if it were ours (`show`), or what it prints is collected.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean, limitMs?: number, shell?: boolean }} [options]
 *   `limitMs`: it is ended after so many milliseconds
 * @returns {Promise<Outcome>}
 */
export function run(command, args, { cwd, env, show = false, limitMs, shell = false } = {}) {
  const ownGroup = limitMs !== undefined && process.platform !== 'win32';
  const child = spawn(command, args, {
    cwd,
    env: env ?? process.env,
    shell,
    detached: ownGroup,
    stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let output = '';
  let timedOut = false;
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => (output = (output + chunk).slice(-65_536)));
  const timer =
    limitMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          endGroup(child);
        }, limitMs);
  // A program in a group of its own does not hear Ctrl-C.
  const interrupted = () => {
    endGroup(child);
    process.exit(130);
  };
  if (ownGroup) process.once('SIGINT', interrupted);
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      process.off('SIGINT', interrupted);
    };
    child.once('error', (error) => {
      finish();
      reject(new SetupError(`${command} can't be run: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      finish();
      resolve({ code, signal, timedOut, output });
    });
  });
}

/** How npm is run: the npm that started us, else the one beside node, else the one on the PATH.
 * @returns {{ command: string, args: string[], shell: boolean }} */
function npmCommand() {
  const here = dirname(process.execPath);
  const places = [
    process.env.npm_execpath ?? '',
    join(here, '../lib/node_modules/npm/bin/npm-cli.js'),
    join(here, 'node_modules/npm/bin/npm-cli.js'),
  ];
  const script = places.find((path) => basename(path) === 'npm-cli.js' && existsSync(path));
  if (script !== undefined) return { command: process.execPath, args: [script], shell: false };
  return { command: 'npm', args: [], shell: process.platform === 'win32' };
}

/** Runs npm.
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, show?: boolean, limitMs?: number }} options */
export function runNpm(args, options) {
  const npm = npmCommand();
  return run(npm.command, [...npm.args, ...args], { ...options, shell: npm.shell });
}
