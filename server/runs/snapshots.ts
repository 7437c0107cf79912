/** A run's snapshots on disk: gzipped frames, and an index of them so that a list opens no frame. */
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { ScopeError } from '../../shared/errors.ts';
import { decodeFrame } from '../../shared/frame.ts';
import { SnapshotInfo } from '../../shared/protocol.ts';
import { Journal, writeAtomic } from './files.ts';
import { compareMoments, epochOf, isMomentId } from './id.ts';
import { Queue } from './queue.ts';

// zlib works on threads of its own: neither the server nor the training process waits for it.
const pack = promisify(gzip);
const unpack = promisify(gunzip);

const ENDING = '.vsf.gz';

export interface StoredSnapshot {
  /** The gzipped frame. */
  bytes: Buffer;
  /** When it was written, ms since 1970: tells a snapshot from one that replaced it. */
  modified: number;
}

export class Snapshots {
  readonly #folder: string;
  readonly #index: Journal<typeof SnapshotInfo>;
  readonly #queue = new Queue();
  /** Loaded once this process writes; otherwise the disk is asked each time. */
  #infos: SnapshotInfo[] | null = null;

  /** `folder` exists or is made by whoever writes the run. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#index = new Journal(join(folder, 'index.jsonl'), SnapshotInfo);
  }

  /** Compresses and stores an encoded frame; one of the same id is replaced. */
  add(moment: Omit<SnapshotInfo, 'bytes'>, frame: Uint8Array): Promise<SnapshotInfo> {
    return this.#queue.run(async () => {
      const infos = (this.#infos ??= await this.#read());
      const bytes = await pack(frame);
      await writeAtomic(this.#path(moment.id), bytes);
      const info: SnapshotInfo = { ...moment, bytes: bytes.length };
      const at = infos.findIndex(({ id }) => id === info.id);
      if (at < 0) {
        infos.push(info);
        await this.#index.append(info);
      } else {
        infos[at] = info;
        await this.#index.replace(infos);
      }
      infos.sort((a, b) => compareMoments(a.id, b.id));
      return info;
    });
  }

  /** In order of time. */
  async list(): Promise<SnapshotInfo[]> {
    return this.#infos ? [...this.#infos] : await this.#read();
  }

  /** What is known of a snapshot, by default of the latest; NOT_FOUND names the ones there are. */
  async find(id?: string): Promise<SnapshotInfo> {
    const infos = await this.list();
    const info = id === undefined ? infos.at(-1) : infos.find((i) => i.id === id);
    if (info) return info;
    const ids = infos.map((i) => i.id);
    const known = ids.length > 12 ? [...ids.slice(0, 5), '…', ...ids.slice(-5)] : ids;
    throw new ScopeError(
      'NOT_FOUND',
      `there is no snapshot${id === undefined ? '' : ` '${id}'`}; ${ids.length > 0 ? `there are ${known.join(', ')}` : 'there is none yet'}`,
      { field: 'snapshot' },
    );
  }

  /** A snapshot as it is stored; NOT_FOUND names the ones there are, INVALID_DATA a damaged file. */
  async read(id: string): Promise<StoredSnapshot> {
    const info = await this.find(id);
    const path = this.#path(id);
    const [bytes, { mtimeMs }] = await Promise.all([readFile(path), stat(path)]);
    if (bytes.length !== info.bytes)
      throw new ScopeError(
        'INVALID_DATA',
        `${path} is damaged: it has ${bytes.length} bytes where ${info.bytes} were written`,
        { field: 'snapshot' },
      );
    return { bytes, modified: mtimeMs };
  }

  /** Forgets what was recorded after an epoch, before a run goes on from there. */
  rewind(epoch: number): Promise<void> {
    return this.#queue.run(async () => {
      const infos = await this.#read();
      const kept = infos.filter((info) => info.epoch <= epoch);
      this.#infos = kept;
      await this.#index.replace(kept);
      for (const { id } of infos.filter((info) => info.epoch > epoch))
        await rm(this.#path(id), { force: true });
    });
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #path(id: string): string {
    return join(this.#folder, `${id}${ENDING}`);
  }

  /** The index, less the files that are gone, plus the files that a crash left out of it. */
  async #read(): Promise<SnapshotInfo[]> {
    const files = await readdir(this.#folder).catch(() => []);
    const ids = new Set(files.filter((f) => f.endsWith(ENDING)).map((f) => f.slice(0, -ENDING.length)));
    const infos = new Map<string, SnapshotInfo>();
    for (const info of await this.#index.read()) if (ids.has(info.id)) infos.set(info.id, info);
    for (const id of ids) {
      if (infos.has(id) || !isMomentId(id)) continue;
      const bytes = await readFile(this.#path(id));
      const frame = await unpackFrame(bytes).catch(() => null);
      if (!frame) continue;
      const { lambda, merged } = frame;
      infos.set(id, { id, epoch: epochOf(id), lambda, merged, bytes: bytes.length });
    }
    return [...infos.values()].sort((a, b) => compareMoments(a.id, b.id));
  }
}

/** Decodes a stored snapshot; throws INVALID_DATA where it is damaged. */
export async function unpackFrame(bytes: Uint8Array): Promise<ReturnType<typeof decodeFrame>> {
  try {
    return decodeFrame(await unpack(bytes));
  } catch (cause) {
    throw new ScopeError('INVALID_DATA', `the snapshot is damaged: ${(cause as Error).message}`, { cause });
  }
}
