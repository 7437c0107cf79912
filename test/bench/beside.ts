/** The bench's files, wherever its program was started from. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Whether this is the bundle that packed.ts was made into, with none of the sources beside it. */
export const BUNDLED = !existsSync(here('packed.ts'));

/** The path of a file of this folder. A bundle, which can lie anywhere, finds it from the root of the repository, where
 * it has to be started. */
export const beside = (name: string): string => (BUNDLED ? resolve('test/bench', name) : here(name));
