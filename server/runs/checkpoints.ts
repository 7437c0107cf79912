/** A run's checkpoints on disk: safetensors with everything that going on needs; the last few are kept. */
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ScopeError } from '../../shared/errors.ts';
import { writeAtomic } from './files.ts';
import { compareMoments, isMomentId } from './id.ts';
import { Queue } from './queue.ts';

const ENDING = '.safetensors';

export class Checkpoints {
  readonly #folder: string;
  readonly #keep: number;
  readonly #queue = new Queue();

  /** `keep`: how many of the latest stay. */
  constructor(folder: string, keep: number) {
    this.#folder = folder;
    this.#keep = keep;
  }

  add(id: string, bytes: Uint8Array): Promise<void> {
    return this.#queue.run(async () => {
      await writeAtomic(this.#path(id), bytes);
      const ids = await this.list();
      for (const old of ids.slice(0, -this.#keep)) if (old !== id) await rm(this.#path(old), { force: true });
    });
  }

  /** Ids in order of time. */
  async list(): Promise<string[]> {
    const files = await readdir(this.#folder).catch(() => []);
    return files
      .filter((file) => file.endsWith(ENDING))
      .map((file) => file.slice(0, -ENDING.length))
      .filter(isMomentId)
      .sort(compareMoments);
  }

  /** The latest checkpoint, or null. */
  async latest(): Promise<{ id: string; bytes: Buffer } | null> {
    await this.#queue.idle();
    const id = (await this.list()).at(-1);
    return id === undefined ? null : { id, bytes: await this.#bytes(id) };
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #bytes(id: string): Promise<Buffer> {
    try {
      return await readFile(this.#path(id));
    } catch (cause) {
      throw new ScopeError('INVALID_DATA', `checkpoint ${id} can't be read: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  #path(id: string): string {
    return join(this.#folder, `${id}${ENDING}`);
  }
}
