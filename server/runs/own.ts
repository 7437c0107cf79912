/**
 * The images that a user brought to a run: probes beside the recorded ones, in the run's folder under own/INDEX/:
 *   pixels.bin   uint8 [H, W, C], before normalisation
 *   ID.vsf.gz    its feature maps at a snapshot, made on demand (ownFrames.ts)
 * Which there are stands in run.json.
 */
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ScopeError } from '../../shared/errors.ts';
import type { ProbeInfo } from '../../shared/protocol.ts';
import { writeAtomic } from './files.ts';
import type { RunFolder } from './folder.ts';
import { Queue } from './queue.ts';
import { removeAfter } from './weights.ts';

const pack = promisify(gzip);

/** More than anybody compares; each takes about as much disk as one recorded probe. */
export const MOST_OWN = 64;

export interface KeptFrame {
  /** The gzipped frame. */
  bytes: Buffer;
  /** When it was written, ms since 1970. */
  modified: number;
}

export class OwnProbes {
  readonly #folder: RunFolder;
  readonly #queue = new Queue();

  constructor(folder: RunFolder) {
    this.#folder = folder;
  }

  /** In the order in which they came. */
  get list(): readonly ProbeInfo[] {
    return this.#folder.record.own?.probes ?? [];
  }

  has(index: number): boolean {
    return this.list.some((probe) => probe.index === index);
  }

  /** Keeps an image, uint8 [H, W, C]. Throws CONFLICT where the run has no probes yet or as many images as it may. */
  add(name: string, pixels: Uint8Array): Promise<ProbeInfo> {
    return this.#queue.run(() => this.#add(name, pixels));
  }

  async #add(name: string, pixels: Uint8Array): Promise<ProbeInfo> {
    const { record } = this.#folder;
    if (record.probes.length === 0)
      throw new ScopeError(
        'CONFLICT',
        `run '${this.#folder.id}' is ${record.state} and has no probes yet: images can be added once it has begun`,
        { field: 'id' },
      );
    if (this.list.length >= MOST_OWN)
      throw new ScopeError(
        'CONFLICT',
        `the run has ${this.list.length} own images and ${MOST_OWN} are the most: remove one first`,
        { field: 'id' },
      );
    const index = Math.max(record.own?.next ?? 0, record.probes.length);
    const probe: ProbeInfo = { index, label: -1, className: '', own: name };
    await mkdir(this.#path(index), { recursive: true });
    await writeAtomic(join(this.#path(index), 'pixels.bin'), pixels);
    record.own = { next: index + 1, probes: [...this.list, probe] };
    await this.#folder.save();
    return probe;
  }

  /** Forgets an image and all its maps. */
  remove(index: number): Promise<void> {
    return this.#queue.run(async () => {
      const { own } = this.#folder.record;
      if (!own || !this.has(index)) throw this.#missing(index);
      own.probes = own.probes.filter((probe) => probe.index !== index);
      await this.#folder.save();
      await rm(this.#path(index), { recursive: true, force: true });
    });
  }

  /** Uint8 [H, W, C], before normalisation. Throws NOT_FOUND for an unknown one, INVALID_DATA for a damaged file. */
  async pixels(index: number): Promise<Uint8Array> {
    if (!this.has(index)) throw this.#missing(index);
    const { inputSize, inputChannels } = this.#folder.record.config.network;
    const path = join(this.#path(index), 'pixels.bin');
    const pixels = await readFile(path).catch(() => Buffer.alloc(0));
    const wanted = inputSize * inputSize * inputChannels;
    if (pixels.length !== wanted)
      throw new ScopeError(
        'INVALID_DATA',
        `${path} is damaged: it has ${pixels.length} bytes, not ${wanted}`,
      );
    return pixels;
  }

  /** The kept maps of an image at a snapshot; null where there are none, or they are of weights that were replaced. */
  async frame(index: number, id: string): Promise<KeptFrame | null> {
    const modified = await this.modified(index, id);
    return modified === null ? null : { bytes: await readFile(this.#framePath(index, id)), modified };
  }

  /** When those maps were written, ms since 1970; null as above. */
  async modified(index: number, id: string): Promise<number | null> {
    const times = [this.#framePath(index, id), this.#folder.weights.path(id)].map(async (path) => {
      const status = await stat(path).catch(() => null);
      return status?.mtimeMs;
    });
    const [frame, weights] = await Promise.all(times);
    return frame !== undefined && weights !== undefined && frame >= weights ? frame : null;
  }

  /** Keeps an encoded frame; NOT_FOUND where the image has gone meanwhile. */
  async keepFrame(index: number, id: string, frame: Uint8Array): Promise<void> {
    const bytes = await pack(frame);
    await writeAtomic(this.#framePath(index, id), bytes).catch((error: unknown) => {
      throw this.has(index) ? error : this.#missing(index);
    });
  }

  /** Forgets the maps after an epoch, before the run goes on from there. */
  async rewind(epoch: number): Promise<void> {
    for (const { index } of this.list) await removeAfter(this.#path(index), epoch);
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #path(index: number): string {
    return join(this.#folder.path, 'own', String(index));
  }

  #framePath(index: number, id: string): string {
    return join(this.#path(index), `${id}.vsf.gz`);
  }

  #missing(index: number): ScopeError {
    const known = this.list.map((probe) => probe.index).join(', ');
    return new ScopeError(
      'NOT_FOUND',
      `there is no own image ${index}; ${known ? `there are ${known}` : 'there is none'}`,
      { field: 'index' },
    );
  }
}
