/**
 * Weights files that were sent here to start runs from, the last few of them, in the runs folder under
 * .uploads/PID-RANDOM/, a folder of each process:
 *   ID.safetensors   named after its content
 *   *.part           one that is coming in
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { NetworkConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { TEMPORARY } from './files.ts';
import { lives } from './owner.ts';
import { StartReader } from './start.ts';

const KEPT = 2;
/** The family's largest network has 128 M parameters of 4 bytes, and twice as many while it is deep. */
export const LARGEST_FILE = 2 ** 30;

export interface Upload {
  /** Told from the content: the same file has the same id. */
  id: string;
  path: string;
  /** What the file says of its network, unchecked. */
  network: Partial<NetworkConfig>;
}

export interface Announced {
  /** How long the sender says the file is, bytes. */
  bytes?: number;
  /** The most that is taken, bytes. */
  limit?: number;
}

export class Uploads {
  readonly #parent: string;
  /** This process's folder, made when the first file comes. */
  #folder: Promise<string> | null = null;
  readonly #uploads = new Map<string, Upload>();

  private constructor(parent: string) {
    this.#parent = parent;
  }

  /** Uploads to `parent`, after what processes have left there that are gone. */
  static async open(parent: string): Promise<Uploads> {
    for (const name of await readdir(parent).catch(() => []))
      if (/^\d+-/.test(name) && !lives(Number.parseInt(name, 10)))
        await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
    return new Uploads(parent);
  }

  /** Writes a file to the disk while it comes in. Throws INVALID_WEIGHTS, as early as it can be told, for what no
   * training can start from and for more than is taken, and leaves nothing of it; the stream is then to be drained. */
  async receive(
    stream: Readable,
    { bytes = Infinity, limit = LARGEST_FILE }: Announced = {},
  ): Promise<Upload> {
    if (bytes !== Infinity && bytes > limit) throw tooLarge(`it has ${bytes} bytes`, limit);
    const reader = new StartReader(bytes);
    const folder = await this.#place();
    const part = join(folder, `${randomBytes(8).toString('hex')}${TEMPORARY}`);
    try {
      const hash = await write(stream, part, reader, limit);
      const network = reader.end();
      const id = hash.slice(0, 16);
      const upload = { id, path: join(folder, `${id}.safetensors`), network };
      await rename(part, upload.path).catch(unusable(folder));
      await this.#keep(upload);
      return upload;
    } finally {
      await rm(part, { force: true });
    }
  }

  get(id: string): Upload {
    const upload = this.#uploads.get(id);
    if (!upload)
      throw new ScopeError(
        'NOT_FOUND',
        `there are no weights '${id}': the last ${KEPT} files sent are kept until the server ends; send it again`,
        { field: 'weights' },
      );
    return upload;
  }

  /** Removes all files; what is still coming in fails. */
  async close(): Promise<void> {
    this.#uploads.clear();
    const folder = await this.#folder?.catch(() => null);
    if (!folder) return;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    await rmdir(this.#parent).catch(() => undefined); // others may use it
  }

  async #keep(upload: Upload): Promise<void> {
    this.#uploads.delete(upload.id);
    this.#uploads.set(upload.id, upload);
    for (const oldest of [...this.#uploads.values()].slice(0, -KEPT)) {
      this.#uploads.delete(oldest.id);
      await rm(oldest.path, { force: true });
    }
  }

  async #place(): Promise<string> {
    this.#folder ??= (async () => {
      await mkdir(this.#parent).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      return mkdtemp(join(this.#parent, `${process.pid}-`));
    })();
    return this.#folder.catch((cause: Error) => {
      this.#folder = null;
      return unusable(this.#parent)(cause);
    });
  }
}

/** Writes the stream to a new file; resolves with the hash of its content. */
async function write(stream: Readable, path: string, reader: StartReader, limit: number): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx').catch(unusable(path));
  try {
    // The connection is still needed for the reply.
    for await (const piece of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += piece.length;
      reader.push(piece);
      if (bytes > limit) throw tooLarge(`it goes on after ${limit} bytes`, limit);
      hash.update(piece);
      await file.writeFile(piece).catch(unusable(path));
    }
    if (!stream.readableEnded) throw new Error('the stream ended early');
  } catch (cause) {
    if (cause instanceof ScopeError) throw cause;
    throw new ScopeError('INVALID_DATA', `the connection ended after ${bytes} bytes of the file`, { cause });
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

const tooLarge = (what: string, limit: number): ScopeError =>
  new ScopeError('INVALID_WEIGHTS', `the file is too large: ${what}, and up to ${limit} are valid`, {
    field: 'body',
  });

const unusable =
  (path: string) =>
  (cause: Error): never => {
    const message = `the file can't be kept in ${path}: ${cause.message}`;
    throw new ScopeError('INVALID_DATA', message, { field: 'body', cause });
  };
