/**
 * One run on disk:
 *   run.json           configuration, state, engine, classes and probes (record.ts)
 *   metrics.jsonl      one EpochMetrics a line
 *   snapshots/         ID.vsp (pack/format.ts) and index.jsonl
 *   checkpoints/       ID.safetensors, the last few
 *   weights/           ID.safetensors of every snapshot (weights.ts)
 *   reports/           ID.merge.json, made on demand (analyst.ts)
 *   measures/          ID.grams.safetensors and index.jsonl (measures.ts)
 *   own/               images that a user brought (own.ts)
 *   start.safetensors  weights to start from, until the training process has them
 *   probes.bin         uint8 [P, H, W, C], before normalisation
 */
import { constants } from 'node:fs';
import { copyFile, mkdir, readFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { EpochMetrics } from '../../shared/protocol.ts';
import { Checkpoints } from './checkpoints.ts';
import { Journal, readIfThere, writeAtomic } from './files.ts';
import { MeasuresFiles } from './measures.ts';
import { OwnProbes } from './own.ts';
import { Queue } from './queue.ts';
import { createRecord, parseRecord, type RunRecord } from './record.ts';
import { Snapshots } from './snapshots.ts';
import { removeAfter, WeightsFiles } from './weights.ts';

const KEPT_CHECKPOINTS = 3;

export class RunFolder {
  readonly id: string;
  readonly path: string;
  record: RunRecord;
  readonly snapshots: Snapshots;
  readonly checkpoints: Checkpoints;
  readonly weights: WeightsFiles;
  readonly measures: MeasuresFiles;
  readonly own: OwnProbes;
  readonly #journal: Journal<typeof EpochMetrics>;
  readonly #queue = new Queue();
  /** Loaded once this process writes; otherwise the disk is asked each time. */
  #metrics: EpochMetrics[] | null = null;
  #saveQueued = false;

  constructor(path: string, id: string, record: RunRecord) {
    this.path = path;
    this.id = id;
    this.record = record;
    this.snapshots = new Snapshots(join(path, 'snapshots'));
    this.checkpoints = new Checkpoints(join(path, 'checkpoints'), KEPT_CHECKPOINTS);
    this.weights = new WeightsFiles(join(path, 'weights'));
    this.measures = new MeasuresFiles(join(path, 'measures'));
    this.own = new OwnProbes(this);
    this.#journal = new Journal(join(path, 'metrics.jsonl'), EpochMetrics);
  }

  /** `weights` is the path of a file to start from. */
  static async create(
    path: string,
    id: string,
    config: RunConfig,
    now: Date,
    weights: string | null = null,
  ): Promise<RunFolder> {
    // Step by step: of a folder that may not be written, `recursive` says that it does not exist.
    for (const made of [path, join(path, 'snapshots'), join(path, 'checkpoints')]) await mkdir(made);
    const folder = new RunFolder(path, id, createRecord(config, now));
    if (weights !== null) await copyFile(weights, folder.#start, constants.COPYFILE_FICLONE);
    await folder.save();
    return folder;
  }

  /** Throws INVALID_DATA saying why the folder is no readable run. */
  static async open(path: string, id: string): Promise<RunFolder> {
    const text = await readIfThere(join(path, 'run.json'));
    if (text === null)
      throw new ScopeError('INVALID_DATA', 'it has no run.json: no run, or one that was never written whole');
    return new RunFolder(path, id, parseRecord(text));
  }

  /** The bytes of the weights file that the run starts from, or null where there is none. */
  async readStart(): Promise<Buffer | null> {
    return readFile(this.#start).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
  }

  /** Forgets that file: snapshot 0 holds its weights, and no earlier moment is ever gone back to. */
  dropStart(): Promise<void> {
    return this.#queue.run(() => rm(this.#start, { force: true }));
  }

  get #start(): string {
    return join(this.path, 'start.safetensors');
  }

  /** Writes run.json; calls that come while one waits are served by it. */
  save(): Promise<void> {
    if (this.#saveQueued) return this.#queue.idle();
    this.#saveQueued = true;
    return this.#queue.run(async () => {
      this.#saveQueued = false;
      await writeAtomic(join(this.path, 'run.json'), `${JSON.stringify(this.record, null, 2)}\n`);
    });
  }

  /** Shows other processes that this one still has the run under way. */
  async beat(): Promise<void> {
    const now = new Date();
    await utimes(join(this.path, 'run.json'), now, now);
  }

  addMetrics(metrics: EpochMetrics): Promise<void> {
    return this.#queue.run(async () => {
      const all = (this.#metrics ??= await this.#journal.read());
      const at = all.findIndex((m) => m.epoch === metrics.epoch && m.merged === metrics.merged);
      if (at < 0) {
        all.push(metrics);
        await this.#journal.append(metrics);
      } else {
        all[at] = metrics;
        await this.#journal.replace(all);
      }
    });
  }

  /** In order of time. */
  async metrics(): Promise<EpochMetrics[]> {
    return this.#metrics ? [...this.#metrics] : await this.#journal.read();
  }

  /** File of all probes, uint8 [P, H, W, C], before normalisation. */
  get probes(): string {
    return join(this.path, 'probes.bin');
  }

  /** Where a snapshot's merge report is kept. */
  reportPath(id: string): string {
    return join(this.path, 'reports', `${id}.merge.json`);
  }

  writeProbes(images: Uint8Array): Promise<void> {
    return this.#queue.run(() => writeAtomic(this.probes, images));
  }

  /** One probe, recorded or own, uint8 [H, W, C]. */
  async readProbe(index: number): Promise<{ image: Uint8Array; size: number; channels: number }> {
    const { probes, config } = this.record;
    const { inputSize: size, inputChannels: channels } = config.network;
    if (this.own.has(index)) return { image: await this.own.pixels(index), size, channels };
    if (index >= probes.length)
      throw new ScopeError(
        'NOT_FOUND',
        `there is no probe ${index}; ${probes.length > 0 ? `there are 0 to ${probes.length - 1}` : 'there is none yet'}`,
        { field: 'index' },
      );
    const length = size * size * channels;
    const all = await readFile(this.probes).catch(() => Buffer.alloc(0));
    if (all.length !== length * probes.length)
      throw new ScopeError(
        'INVALID_DATA',
        `probes.bin is damaged: it has ${all.length} bytes where ${probes.length} images of ${length} were written`,
      );
    return { image: all.subarray(index * length, (index + 1) * length), size, channels };
  }

  /** Forgets what was recorded after an epoch, before the run goes on from there. */
  async rewind(epoch: number): Promise<void> {
    await this.snapshots.rewind(epoch);
    await this.weights.rewind(epoch);
    await this.measures.rewind(epoch);
    await this.own.rewind(epoch);
    await removeAfter(join(this.path, 'reports'), epoch);
    await this.#queue.run(async () => {
      this.#metrics = (await this.#journal.read()).filter((m) => m.epoch <= epoch);
      await this.#journal.replace(this.#metrics);
    });
  }

  /** Resolves once all that was handed over is on disk. */
  async idle(): Promise<void> {
    await Promise.all([
      this.#queue.idle(),
      this.snapshots.idle(),
      this.weights.idle(),
      this.measures.idle(),
      this.checkpoints.idle(),
      this.own.idle(),
    ]);
  }
}
