/** Feature maps of the images that users brought, at every snapshot of a run: computed from the kept weights in a
 * process of its own, what is asked for first, then the run's other snapshots, and kept in the run's folder. */
import type { RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import type { AnalysisOptions } from './analysisProcess.ts';
import type { RunFolder } from './folder.ts';
import type { KeptFrame } from './own.ts';
import { RecordingProcess } from './recordingProcess.ts';
import { unpackFrame } from './snapshots.ts';

interface Job {
  key: string;
  folder: RunFolder;
  index: number;
  id: string;
  done: Promise<void>;
  settle: (error?: unknown) => void;
}

/** How long the process waits for further work, ms: its engine takes a second to start. */
const IDLE_MS = 60_000;

export class OwnFrames {
  readonly #options: AnalysisOptions;
  readonly #jobs = new Map<string, Job>();
  /** Asked for, the latest last: that is what a person waits for. */
  #asked: Job[] = [];
  /** Likely to be asked for, in order. */
  #rest: Job[] = [];
  #process: RecordingProcess | null = null;
  #working = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: AnalysisOptions = {}) {
    this.#options = options;
  }

  /** The maps of an own image at a snapshot, computed where they are not kept. Throws NOT_FOUND for an unknown image
   * or snapshot, or one whose weights were not kept. */
  async find(folder: RunFolder, index: number, id: string): Promise<KeptFrame> {
    await folder.own.pixels(index);
    await folder.snapshots.find(id);
    await folder.weights.find(id);
    const kept = await folder.own.frame(index, id);
    if (kept) return kept;
    const job = this.#job(folder, index, id);
    this.#rest = this.#rest.filter((other) => other !== job);
    this.#asked = [...this.#asked.filter((other) => other !== job), job];
    void this.#work();
    this.prepare(folder, index);
    await job.done;
    const made = await folder.own.frame(index, id);
    if (made) return made;
    throw new ScopeError('CONFLICT', `snapshot '${id}' was recorded anew meanwhile; ask again`, {
      field: 'snapshot',
    });
  }

  close(): void {
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#asked = this.#rest = [];
    for (const job of jobs) job.settle(new ScopeError('CONFLICT', 'the program is ending'));
    this.#endProcess();
  }

  #job(folder: RunFolder, index: number, id: string): Job {
    const key = keyOf(folder, index, id);
    const known = this.#jobs.get(key);
    if (known) return known;
    let settle: Job['settle'] = () => undefined;
    const done = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error as Error));
    });
    done.catch(() => undefined); // nobody may be waiting
    const job = { key, folder, index, id, done, settle };
    this.#jobs.set(key, job);
    return job;
  }

  /** Computes the maps of an own image at every snapshot, behind all that is asked for, so that moving along the run
   * finds them there. */
  prepare(folder: RunFolder, index: number): void {
    this.#addRest(folder, index).catch(() => undefined); // whoever asks for them is told
  }

  async #addRest(folder: RunFolder, index: number): Promise<void> {
    for (const { id } of await folder.snapshots.list()) {
      if (this.#jobs.has(keyOf(folder, index, id)) || (await folder.own.modified(index, id)) !== null)
        continue;
      if (!this.#jobs.has(keyOf(folder, index, id))) this.#rest.push(this.#job(folder, index, id));
    }
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    clearTimeout(this.#idle);
    for (let job = this.#next(); job; job = this.#next()) {
      const error = await this.#record(job).catch((thrown: unknown) => thrown ?? new Error('unknown error'));
      this.#jobs.delete(job.key);
      job.settle(error);
    }
    this.#working = false;
    this.#idle = setTimeout(() => this.#endProcess(), IDLE_MS).unref();
  }

  #next(): Job | undefined {
    return this.#asked.pop() ?? this.#rest.shift();
  }

  async #record({ folder, index, id }: Job): Promise<void> {
    const { backend, config } = folder.record;
    const pixels = await folder.own.pixels(index);
    const weights = await folder.weights.find(id);
    const stored = await folder.snapshots.read(id);
    const { taps: _, probes: __, ...moment } = await unpackFrame(stored.bytes);
    const { precision } = config.recording;
    const rung = backend ?? 'wasm';
    const process = this.#processOn(rung);
    const frame = await process.record({ type: 'record', rung, weights, moment, precision, index, pixels });
    await folder.own.keepFrame(index, id, frame);
  }

  #processOn(rung: RungId): RecordingProcess {
    if (this.#process?.alive && this.#process.rung === rung) return this.#process;
    this.#endProcess();
    return (this.#process = new RecordingProcess(rung, this.#options));
  }

  #endProcess(): void {
    clearTimeout(this.#idle);
    this.#process?.end();
    this.#process = null;
  }
}

function keyOf(folder: RunFolder, index: number, id: string): string {
  return `${folder.path} ${index} ${id}`;
}
