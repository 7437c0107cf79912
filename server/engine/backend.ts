/** Small steps that every rung shares. */
import * as tf from '@tensorflow/tfjs-core';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);

/** Makes `name` the backend of this process; throws when tfjs can't initialise it. */
export async function useBackend(name: string): Promise<void> {
  tf.enableProdMode(); // spares checks in every step, and advertisements in the log
  if (!(await tf.setBackend(name))) throw new Error(`tfjs could not initialise its backend '${name}'`);
  await tf.ready();
}

/** Folder of an installed package. */
export function packageFolder(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

/** The name alone where a bundle has left the package's own file behind. */
export function packageVersion(name: string): string {
  try {
    const { version } = require(`${name}/package.json`) as { version: string };
    return `${name} ${version}`;
  } catch {
    return name;
  }
}

/** Model of the processor and how many cores the process may use. */
export function processor(): string {
  const all = cpus();
  return `${(all[0]?.model ?? process.arch).replace(/\s+/g, ' ').trim()}, ${availableParallelism()} cores`;
}
