/** Writing files so that a crash leaves the old content or the new, never half of it. */
import { randomBytes } from 'node:crypto';
import { appendFile, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Static, TSchema } from 'typebox';
import {
  decodeSafetensorsHeader,
  safetensorsHeaderLength,
  type SafetensorsHeader,
} from '../../shared/safetensors.ts';
import { matches } from './check.ts';

/** Ending of files that were being written when the process died; readers pass them over. */
export const TEMPORARY = '.part';

export async function writeAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}${TEMPORARY}`;
  try {
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Removes what a process that has died was writing below a folder. */
export async function removeTemporary(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  for (const file of files)
    if (file.endsWith(TEMPORARY)) await rm(join(folder, file), { force: true }).catch(() => undefined);
}

/** The header of a safetensors file, of whose values nothing is read. Throws INVALID_WEIGHTS where it is damaged or cut
 * short, and the system's error where there is no such file. */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const start = await file.read(Buffer.alloc(8), 0, 8, 0);
    const bytes = 8 + safetensorsHeaderLength(start.buffer.subarray(0, start.bytesRead), size);
    const head = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return decodeSafetensorsHeader(head.buffer, size);
  } finally {
    await file.close();
  }
}

/** The file's text, or null where there is no such file. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A file of one JSON value a line. Lines that are torn (the last one, after a crash) or foreign are passed over. */
export class Journal<T extends TSchema> {
  readonly #path: string;
  readonly #schema: T;
  #whole = false;

  constructor(path: string, schema: T) {
    this.#path = path;
    this.#schema = schema;
  }

  async read(): Promise<Static<T>[]> {
    const text = await readIfThere(this.#path);
    const values: Static<T>[] = [];
    for (const line of (text ?? '').split('\n')) {
      const value = parse(line);
      if (value !== undefined && matches(this.#schema, value)) values.push(value);
    }
    return values;
  }

  async append(value: Static<T>): Promise<void> {
    let torn = '';
    if (!this.#whole) {
      const text = await readIfThere(this.#path);
      if (text && !text.endsWith('\n')) torn = '\n'; // a torn line must not swallow this one
      this.#whole = true;
    }
    await appendFile(this.#path, `${torn}${JSON.stringify(value)}\n`);
  }

  async replace(values: readonly Static<T>[]): Promise<void> {
    await writeAtomic(this.#path, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
