/** What the installed packages and the machine are called. */
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);

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
