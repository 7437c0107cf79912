#!/usr/bin/env node
/** Set-up: packages, one try at TensorFlow, the dashboard; each only where it is missing or stale. By itself:
 * `node server/setup/prepare.mjs [--retry]`. */
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { argv, exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { requireNode } from './node-version.mjs';

/** The project's folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Tells a person how set-up goes on; standard output belongs to the program (`doctor --json`).
 * @param {string} text */
export const say = (text) => console.error(`set-up: ${text}`);

/**
 * @param {{ web?: boolean, retry?: boolean }} [options] `web`: the dashboard too; `retry`: try TensorFlow again
 */
export async function prepare({ web = true, retry = false } = {}) {
  const [{ install }, { tryTensorflow }, { buildWeb }] = await Promise.all([
    import('./install.mjs'),
    import('./tensorflow.mjs'),
    import('./web.mjs'),
  ]);
  await install(ROOT, say);
  await tryTensorflow(ROOT, say, { retry });
  if (web) await buildWeb(ROOT, say);
}

/** Runs a command's work; prints a SetupError plainly and ends with 1.
 * @param {() => Promise<unknown>} work */
export function main(work) {
  requireNode();
  work().catch(async (error) => {
    const { SetupError } = await import('./command.mjs');
    console.error(error instanceof SetupError ? `vanillascope: ${error.message}` : error);
    exit(1);
  });
}

if (argv[1] && realpathSync(argv[1]) === fileURLToPath(import.meta.url)) {
  main(async () => {
    await prepare({ retry: argv.includes('--retry') });
    say('ready');
  });
}
