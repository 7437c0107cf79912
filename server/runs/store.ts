/** The runs folder: one folder a run, listed from an index in memory. Folders from elsewhere are told apart, never
 * touched; a run is found by its name in the index, so that no request ever makes a path. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import type { RunSummary } from '../../shared/protocol.ts';
import { removeTemporary } from './files.ts';
import { RunFolder } from './folder.ts';
import { createRunId } from './id.ts';
import { lives } from './owner.ts';
import { isFinal, summarise, summariseUnreadable } from './record.ts';

/** A process that has not shown itself for this long no longer has its run under way. */
const STALE_MS = 30_000;

type Entry =
  | {
      kind: 'run';
      folder: RunFolder;
      modified: number;
      foreign: boolean;
      /** When this process first saw it modified so, ms of its own clock, which nobody sets. */
      seen: number;
    }
  | { kind: 'unreadable'; reason: string; modified: number; since: Date };

export class RunStore {
  readonly path: string;
  readonly #entries = new Map<string, Entry>();
  /** Being made by this process: a scan must not take them for half-written ones. */
  readonly #creating = new Set<string>();
  #scan: Promise<void> | null = null;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder where there is none; throws INVALID_DATA where it can't be used. */
  static async open(path: string): Promise<RunStore> {
    try {
      await mkdir(path, { recursive: true });
    } catch (cause) {
      throw unusable(path, cause as Error);
    }
    const store = new RunStore(path);
    await store.refresh();
    return store;
  }

  /** True where the folder holds nothing that could be a run. */
  get empty(): boolean {
    return this.#entries.size === 0;
  }

  /** `weights` is the path of a file to start from, of which the run's folder gets a copy. */
  async create(config: RunConfig, weights: string | null = null): Promise<RunFolder> {
    const now = new Date();
    const id = createRunId(now, config.data.dataset, config.preset);
    const path = join(this.path, id);
    this.#creating.add(id);
    try {
      const folder = await RunFolder.create(path, id, config, now, weights);
      this.#entries.set(id, { kind: 'run', folder, modified: 0, foreign: false, seen: 0 });
      return folder;
    } catch (cause) {
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
      const message = `the run can't be kept in ${path}: ${(cause as Error).message}`;
      throw new ScopeError('INVALID_DATA', message, { cause });
    } finally {
      this.#creating.delete(id);
    }
  }

  /** Throws NOT_FOUND for an unknown id, INVALID_DATA for a folder that is no readable run. */
  get(id: string): RunFolder {
    const entry = this.#entries.get(id);
    if (!entry)
      throw new ScopeError('NOT_FOUND', `there is no run '${id.slice(0, 100)}'${this.#known()}`, {
        field: 'id',
      });
    if (entry.kind === 'unreadable')
      throw new ScopeError('INVALID_DATA', `${join(this.path, id)} can't be read: ${entry.reason}`, {
        field: 'id',
      });
    return entry.folder;
  }

  /** The runs that there are, in brief. */
  #known(): string {
    const ids = [...this.#entries.keys()].sort().reverse();
    if (ids.length === 0) return '; there is none yet';
    return `; there are ${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}`;
  }

  /** Takes in what another process may have written of a run since the last look. */
  async look(id: string): Promise<void> {
    if (!this.#entries.has(id) || this.isForeign(id)) await this.refresh();
  }

  /** True where another living process has the run under way. */
  isForeign(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry?.kind === 'run' && entry.foreign;
  }

  /** All runs, newest first. */
  list(summary: (folder: RunFolder) => RunSummary = (f) => summarise(f.id, f.record)): RunSummary[] {
    const summaries = [...this.#entries].map(([id, entry]) =>
      entry.kind === 'run' ? summary(entry.folder) : summariseUnreadable(id, entry.reason, entry.since),
    );
    return summaries.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
  }

  /** Deletes a run that has ended. A folder that is no readable run is left for its owner to delete. */
  async delete(id: string): Promise<void> {
    const folder = this.get(id);
    if (!isFinal(folder.record.state))
      throw new ScopeError('CONFLICT', `run '${id}' is ${folder.record.state}; stop it before deleting it`, {
        field: 'id',
      });
    await folder.idle();
    await rm(folder.path, { recursive: true, force: true });
    this.#entries.delete(id);
  }

  /** Takes in folders that have come or gone, and what other processes have written; cheap when nothing has. */
  refresh(): Promise<void> {
    return (this.#scan ??= this.#read().finally(() => (this.#scan = null)));
  }

  async #read(): Promise<void> {
    const found = await readdir(this.path, { withFileTypes: true }).catch((cause: Error) => {
      throw unusable(this.path, cause);
    });
    const names = new Set(found.filter((e) => e.isDirectory() && !e.name.startsWith('.')).map((e) => e.name));
    for (const id of this.#entries.keys()) if (!names.has(id)) this.#entries.delete(id);
    await Promise.all(
      [...names].map(async (id) => {
        const entry = this.#entries.get(id);
        if (this.#creating.has(id)) return;
        if (!entry || entry.kind === 'unreadable' || entry.foreign) await this.#load(id, entry);
      }),
    );
  }

  async #load(id: string, known: Entry | undefined): Promise<void> {
    const path = join(this.path, id);
    const status = await stat(join(path, 'run.json')).catch(() => null);
    const modified = status?.mtimeMs ?? 0;
    if (known?.kind === 'unreadable' && known.modified === modified) return;
    const seen = known?.kind === 'run' && known.modified === modified ? known.seen : null;
    const entry = await read(path, id, modified, seen);
    if (this.#entries.get(id) !== known) return;
    if (entry) this.#entries.set(id, entry);
    else this.#entries.delete(id);
  }
}

function unusable(path: string, cause: Error): ScopeError {
  const message = `the runs folder ${path} can't be used: ${cause.message}; give another with --runs`;
  return new ScopeError('INVALID_DATA', message, { field: '--runs', cause });
}

/** Null where the folder has gone; `seen` is null where it was never seen modified so. */
async function read(path: string, id: string, modified: number, seen: number | null): Promise<Entry | null> {
  try {
    const folder = await RunFolder.open(path, id);
    const { state, owner } = folder.record;
    const now = performance.now();
    const age = seen === null ? Date.now() - modified : now - seen;
    const foreign = !isFinal(state) && owner !== null && lives(owner) && age < STALE_MS;
    if (!isFinal(state) && !foreign) await bury(folder);
    return { kind: 'run', folder, modified, foreign, seen: seen ?? now };
  } catch (error) {
    const status = await stat(path).catch(() => null);
    return status && { kind: 'unreadable', reason: (error as Error).message, modified, since: status.mtime };
  }
}

/** A run whose process has died is stopped, and can go on from its last checkpoint. */
async function bury(folder: RunFolder): Promise<void> {
  const { record } = folder;
  await removeTemporary(folder.path);
  await folder.dropStart();
  record.checkpoint = (await folder.checkpoints.list()).at(-1) ?? null;
  record.state = 'stopped';
  record.owner = null;
  record.reason =
    `the program ended while the run was under way, after epoch ${record.epoch}` +
    (record.checkpoint === null ? '' : `; it can go on from epoch ${Number.parseInt(record.checkpoint, 10)}`);
  await folder.save();
}
