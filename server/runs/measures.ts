/** What was measured of a run's snapshots, on disk: `index.jsonl`, one SnapshotMeasures a line, and beside it of each
 * snapshot `ID.grams.safetensors`, from which similarities are computed. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ScopeError } from '../../shared/errors.ts';
import { SnapshotMeasures } from '../../shared/measurement.ts';
import { decodeSafetensors } from '../../shared/safetensors.ts';
import { Journal, writeAtomic } from './files.ts';
import { compareMoments } from './id.ts';
import { Queue } from './queue.ts';
import { removeAfter } from './weights.ts';

export class MeasuresFiles {
  readonly folder: string;
  readonly #index: Journal<typeof SnapshotMeasures>;
  readonly #queue = new Queue();
  /** Loaded once this process writes; otherwise the disk is asked each time. */
  #all: SnapshotMeasures[] | null = null;

  constructor(folder: string) {
    this.folder = folder;
    this.#index = new Journal(join(folder, 'index.jsonl'), SnapshotMeasures);
  }

  /** `grams` are the bytes that Measurer gives; measures of the same snapshot are replaced. */
  add(measures: SnapshotMeasures, grams: Uint8Array): Promise<void> {
    return this.#queue.run(async () => {
      await mkdir(this.folder, { recursive: true });
      const all = (this.#all ??= await this.#read());
      await writeAtomic(this.#path(measures.snapshot), grams);
      const at = all.findIndex((m) => m.snapshot === measures.snapshot);
      if (at < 0) {
        all.push(measures);
        await this.#index.append(measures);
      } else {
        all[at] = measures;
        await this.#index.replace(all);
      }
      all.sort(inTime);
    });
  }

  /** In order of time; empty for a run that was recorded before anything was measured. */
  async list(): Promise<SnapshotMeasures[]> {
    return this.#all ? [...this.#all] : await this.#read();
  }

  /** What was measured of a snapshot; NOT_FOUND names those there are. */
  async find(id: string): Promise<SnapshotMeasures> {
    const all = await this.list();
    const found = all.find((m) => m.snapshot === id);
    if (found) return found;
    const ids = all.map((m) => m.snapshot);
    const known = ids.length > 12 ? [...ids.slice(0, 5), '…', ...ids.slice(-5)] : ids;
    throw new ScopeError(
      'NOT_FOUND',
      ids.length > 0
        ? `nothing was measured of a snapshot '${id}'; measured are ${known.join(', ')}`
        : NOTHING_MEASURED,
      { field: 'snapshot' },
    );
  }

  /** Vectors whose scalar products are the similarities of a snapshot's blocks with any other of the run, by block; see
   * training/grams.ts. Throws INVALID_DATA where the file is damaged or gone. */
  async vectors(id: string): Promise<Map<string, Float32Array>> {
    const path = this.#path(id);
    try {
      const { tensors } = decodeSafetensors(await readFile(path));
      return new Map([...tensors].map(([block, { data }]) => [block, data as Float32Array]));
    } catch (cause) {
      throw new ScopeError('INVALID_DATA', `${path} can't be read: ${(cause as Error).message}`, {
        field: 'snapshot',
        cause,
      });
    }
  }

  /** Forgets what was measured after an epoch, before a run goes on from there. */
  rewind(epoch: number): Promise<void> {
    return this.#queue.run(async () => {
      const all = await this.#read();
      const kept = all.filter((m) => m.epoch <= epoch);
      this.#all = kept;
      if (kept.length < all.length) await this.#index.replace(kept);
      await removeAfter(this.folder, epoch);
    });
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #path(id: string): string {
    return join(this.folder, `${id}.grams.safetensors`);
  }

  async #read(): Promise<SnapshotMeasures[]> {
    return (await this.#index.read()).sort(inTime);
  }
}

function inTime(a: SnapshotMeasures, b: SnapshotMeasures): number {
  return compareMoments(a.snapshot, b.snapshot);
}

export const NOTHING_MEASURED =
  'nothing has been measured of this run: its first snapshot is not complete, or an earlier version recorded it';
