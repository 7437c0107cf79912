/** A run's snapshots on disk: packed frames (pack/format.ts), and an index of them so that a list opens no frame. Runs
 * of earlier versions, which gzipped their frames, are read as well. */
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ScopeError } from '../../shared/errors.ts';
import { decodeFrame, headerOf, selectFrame, type Frame, type FrameHeader } from '../../shared/frame.ts';
import { SnapshotInfo } from '../../shared/protocol.ts';
import { Journal, writeAtomic } from './files.ts';
import { compareMoments, epochOf, isMomentId } from './id.ts';
import { PackedFrame, type Part } from './pack/format.ts';
import { pack } from './pack/packer.ts';
import { Queue } from './queue.ts';

const unzip = promisify(gunzip);

/** What is written; what earlier versions wrote. */
const PACKED = '.vsp';
const ZIPPED = '.vsf.gz';
const ENDINGS = [PACKED, ZIPPED];

/** A snapshot's file as the file system knows it. */
export interface SnapshotFile {
  path: string;
  bytes: number;
  /** When it was written, ms since 1970: tells a snapshot from one that replaced it. */
  modified: number;
}

/** A snapshot of which no more is read than is asked for. */
export interface StoredFrame {
  header: FrameHeader;
  /** The frame, or a part of it, which is quicker; what it does not have is left out. Throws INVALID_DATA naming the
   * file, or the signal's reason. */
  read(part?: Part): Promise<Frame>;
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

  /** Packs and stores an encoded frame; one of the same id is replaced. */
  add(moment: Omit<SnapshotInfo, 'bytes'>, frame: Uint8Array): Promise<SnapshotInfo> {
    return this.#queue.run(async () => {
      const infos = (this.#infos ??= await this.#read());
      const bytes = await pack(frame);
      await writeAtomic(this.#path(moment.id, PACKED), bytes);
      await rm(this.#path(moment.id, ZIPPED), { force: true });
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

  /** Where a snapshot lies, without opening it or the index; NOT_FOUND names the ones there are. */
  async file(id: string): Promise<SnapshotFile> {
    if (isMomentId(id))
      for (const ending of ENDINGS) {
        const path = this.#path(id, ending);
        const status = await stat(path).catch(() => null);
        if (status) return { path, bytes: status.size, modified: status.mtimeMs };
      }
    await this.find(id);
    throw new ScopeError('NOT_FOUND', `the file of snapshot '${id}' is gone`, { field: 'snapshot' });
  }

  /** A snapshot's file and its content, as it is stored. */
  async read(id: string): Promise<Omit<SnapshotFile, 'bytes'> & { bytes: Buffer }> {
    const { path, modified } = await this.file(id);
    return { path, modified, bytes: await readFile(path) };
  }

  /** A snapshot, ready to be read. Throws NOT_FOUND naming the ones there are, INVALID_DATA naming a damaged file. */
  async open(id: string): Promise<StoredFrame> {
    const { path, bytes } = await this.read(id);
    return openFrame(bytes, path);
  }

  /** Forgets what was recorded after an epoch, before a run goes on from there. */
  rewind(epoch: number): Promise<void> {
    return this.#queue.run(async () => {
      const infos = await this.#read();
      const kept = infos.filter((info) => info.epoch <= epoch);
      this.#infos = kept;
      await this.#index.replace(kept);
      for (const { id } of infos.filter((info) => info.epoch > epoch))
        for (const ending of ENDINGS) await rm(this.#path(id, ending), { force: true });
    });
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #path(id: string, ending: string): string {
    return join(this.#folder, `${id}${ending}`);
  }

  /** The index, less the files that are gone, plus the files that a crash left out of it. */
  async #read(): Promise<SnapshotInfo[]> {
    const ids = new Map<string, string>();
    for (const file of await readdir(this.#folder).catch(() => []))
      for (const ending of ENDINGS) if (file.endsWith(ending)) ids.set(file.slice(0, -ending.length), file);
    const infos = new Map<string, SnapshotInfo>();
    for (const info of await this.#index.read()) if (ids.has(info.id)) infos.set(info.id, info);
    for (const [id, file] of ids) {
      if (infos.has(id) || !isMomentId(id)) continue;
      const path = join(this.#folder, file);
      const bytes = await readFile(path);
      const header = await openFrame(bytes, path).then(
        (frame) => frame.header,
        () => null,
      );
      if (!header) continue;
      const { lambda, merged } = header;
      infos.set(id, { id, epoch: epochOf(id), lambda, merged, bytes: bytes.length });
    }
    return [...infos.values()].sort((a, b) => compareMoments(a.id, b.id));
  }
}

const isZipped = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The content of a snapshot's file at `path`, of this version or an earlier one. */
async function openFrame(bytes: Uint8Array, path: string): Promise<StoredFrame> {
  const named = (cause: unknown, signal?: AbortSignal): never => {
    if (signal?.aborted) throw cause;
    const message = `${path} is damaged: ${(cause as Error).message}`;
    throw new ScopeError('INVALID_DATA', message, { field: 'snapshot', cause });
  };
  try {
    if (isZipped(bytes)) {
      const frame = decodeFrame(await unzip(bytes));
      return {
        header: headerOf(frame),
        read: async ({ taps = null, probes = null } = {}) => selectFrame(frame, taps, probes),
      };
    }
    const packed = new PackedFrame(bytes);
    return {
      header: packed.header,
      read: (part) => packed.read(part).catch((cause: unknown) => named(cause, part?.signal)),
    };
  } catch (cause) {
    return named(cause);
  }
}

/** The whole frame in a snapshot's content; throws INVALID_DATA where it is damaged. */
export async function unpackFrame(bytes: Uint8Array): Promise<Frame> {
  return (await openFrame(bytes, 'the snapshot')).read();
}
