/** A run's weights on disk: one safetensors file beside each snapshot, all of them kept; and what was made of them on
 * demand: `ID.merged.safetensors`. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ScopeError } from '../../shared/errors.ts';
import { writeAtomic } from './files.ts';
import { epochOf } from './id.ts';
import { Queue } from './queue.ts';

const ENDING = '.safetensors';

export class WeightsFiles {
  readonly #folder: string;
  readonly #queue = new Queue();

  constructor(folder: string) {
    this.#folder = folder;
  }

  add(id: string, bytes: Uint8Array): Promise<void> {
    return this.#queue.run(async () => {
      await mkdir(this.#folder, { recursive: true });
      await rm(this.mergedPath(id), { force: true });
      await writeAtomic(this.path(id), bytes);
    });
  }

  /** Where the weights of a snapshot lie; `id` is a moment's. */
  path(id: string): string {
    return join(this.#folder, `${id}${ENDING}`);
  }

  /** Where their merged form is kept once it has been asked for. */
  mergedPath(id: string): string {
    return join(this.#folder, `${id}.merged${ENDING}`);
  }

  /** The path of a snapshot's weights; throws NOT_FOUND where they were not kept. */
  async find(id: string): Promise<string> {
    const path = this.path(id);
    if (await isThere(path)) return path;
    throw new ScopeError(
      'NOT_FOUND',
      `the weights of snapshot '${id}' were not kept: an earlier version recorded it`,
      { field: 'snapshot' },
    );
  }

  /** Forgets the weights after an epoch, before the run goes on from there. */
  rewind(epoch: number): Promise<void> {
    return this.#queue.run(() => removeAfter(this.#folder, epoch));
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }
}

export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isFile(),
    () => false,
  );
}

/** Deletes the files of a folder that are named after a moment later than an epoch. */
export async function removeAfter(folder: string, epoch: number): Promise<void> {
  const files = await readdir(folder).catch(() => []);
  for (const file of files) if (epochOf(file) > epoch) await rm(join(folder, file), { force: true });
}
