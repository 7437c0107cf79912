/** A run's checkpoints on disk: safetensors with everything that going on needs; the last few are kept. */
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ScopeError } from '../../shared/errors.ts';
import { readSafetensorsHeader, writeAtomic } from './files.ts';
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

  /** Id of the latest checkpoint that is whole, or null where there is none at all. Throws INVALID_DATA where all are
   * damaged, naming the latest. */
  async latest(): Promise<string | null> {
    await this.#queue.idle();
    const ids = (await this.list()).reverse();
    let damage: ScopeError | null = null;
    for (const id of ids)
      try {
        await readSafetensorsHeader(this.#path(id));
        return id;
      } catch (cause) {
        damage ??= this.#damaged(id, cause);
      }
    if (damage) throw damage;
    return null;
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Forgets those after a checkpoint, before the run goes on from it. */
  async rewind(id: string): Promise<void> {
    for (const other of await this.list())
      if (compareMoments(other, id) > 0) await rm(this.#path(other), { force: true });
  }

  async read(id: string): Promise<Buffer> {
    return readFile(this.#path(id)).catch((cause: Error) => {
      throw this.#damaged(id, cause);
    });
  }

  #damaged(id: string, cause: unknown): ScopeError {
    const message = `checkpoint ${this.#path(id)} can't be read: ${(cause as Error).message}`;
    return new ScopeError('INVALID_DATA', message, { field: 'id', cause });
  }

  #path(id: string): string {
    return join(this.#folder, `${id}${ENDING}`);
  }
}
