/** One run under way: the training process on one side, the run's folder and its listeners on the other. */
import type {
  EpochMetrics,
  ProbeInfo,
  RunState,
  RunSummary,
  SnapshotInfo,
  SnapshotMeasures,
  StepMetrics,
} from '../../shared/protocol.ts';
import type { TrainerCommand, TrainerEvent } from '../training/messages.ts';
import type { RunFolder } from './folder.ts';
import { isMomentId } from './id.ts';
import type { Launch } from './launch.ts';
import type { Exit, TrainerProcess } from './process.ts';
import { summarise, type Progress } from './record.ts';

export type RunEvent =
  | { type: 'run'; id: string; summary: RunSummary | null }
  | { type: 'step'; id: string; step: StepMetrics }
  /** With what `run` would tell, and the epoch's last step, where that is the latest and not told yet. */
  | {
      type: 'epoch';
      id: string;
      metrics: EpochMetrics;
      summary: RunSummary;
      step: StepMetrics | null;
    }
  | { type: 'snapshot'; id: string; snapshot: SnapshotInfo }
  | { type: 'measures'; id: string; measures: SnapshotMeasures }
  /** The run's probes, once an image has been added or removed. */
  | { type: 'probes'; id: string; probes: ProbeInfo[] }
  /** The answer to a pull: an encoded frame, the watch that it shows, and the latest step in place of an event of its
   * own, where there is a new one. */
  | { type: 'live'; id: string; bytes: Uint8Array; watch: Watch; step: StepMetrics | null };

export type Watch = Extract<TrainerCommand, { type: 'watch' }>['watch'];

export interface SessionOptions extends Launch {
  folder: RunFolder;
  watch: Watch;
  emit(event: RunEvent): void;
  /** Called once the process has gone, before the end is announced. */
  onEnd(): void;
}

interface Outcome {
  state: 'finished' | 'stopped' | 'failed';
  reason: string;
}

const STOP_MS = 30_000;
const LEAVE_MS = 5_000;
const BEAT_MS = 10_000;
const PROGRESS_MS = 250;

export class RunSession {
  readonly progress: Progress = { lastStep: null, preparing: null };
  readonly #folder: RunFolder;
  readonly #options: Omit<SessionOptions, 'start' | 'trainer'>;
  readonly #process: TrainerProcess;
  readonly #beat: NodeJS.Timeout;
  /** What is on its way to the disk. */
  readonly #writing = new Set<Promise<void>>();
  #deadline: NodeJS.Timeout | null = null;
  #outcome: Outcome | null = null;
  #stopReason = '';
  #lastProgress = 0;

  constructor({ start, trainer, ...options }: SessionOptions) {
    // Of a checkpoint or weights, which can be hundreds of megabytes, nothing is kept here.
    this.#options = options;
    this.#folder = options.folder;
    this.#enter('preparing');
    this.#beat = setInterval(() => void this.#folder.beat().catch(() => undefined), BEAT_MS).unref();
    this.#process = trainer;
    trainer.listen({
      onEvent: (event) => this.#handle(event),
      onExit: (exit) => void this.#finish(exit),
    });
    trainer.send(start);
    if (options.watch) this.watch(options.watch);
  }

  get summary(): RunSummary {
    return summarise(this.#folder.id, this.#folder.record, this.progress);
  }

  pause(): void {
    this.#process.send({ type: 'pause' });
  }

  resume(): void {
    this.#process.send({ type: 'resume' });
  }

  watch(watch: Watch): void {
    this.#process.send({ type: 'watch', watch });
  }

  /** An image that a user brought; null takes it away. */
  probe(index: number, pixels: Uint8Array | null): void {
    this.#process.send({ type: 'probe', index, pixels });
  }

  pull(after: number, every: number | null): void {
    this.#process.send({ type: 'pull', after, every });
  }

  hold(): void {
    this.#process.send({ type: 'hold' });
  }

  /** Asks the process to stop at the next step; after `patience` ms it is killed. */
  stop(reason: string, patience = STOP_MS): void {
    this.#stopReason = reason;
    this.#enter('stopping');
    this.#process.send({ type: 'stop' });
    this.#killAfter(patience);
  }

  #handle(event: TrainerEvent): void {
    const { id, record } = this.#folder;
    const { emit } = this.#options;
    switch (event.type) {
      case 'tried':
        return; // before the run had the process
      case 'preparing':
        return this.#prepare(event.what, event.fraction);
      case 'ready':
        record.backend = event.backend;
        record.engine = event.engine;
        record.parameters = event.parameters;
        record.classes = event.classes;
        return this.#keep(this.#ready(event));
      case 'step':
        this.progress.lastStep = event.metrics;
        return emit({ type: 'step', id, step: event.metrics });
      case 'epoch':
        this.progress.lastStep = event.step ?? this.progress.lastStep;
        return this.#keep(this.#record(event));
      case 'snapshot': {
        if (!isMomentId(event.id)) return this.#fail(`the training process named a snapshot '${event.id}'`);
        return this.#keep(this.#snapshot(event));
      }
      case 'measures': {
        const { measures, grams } = event;
        if (!isMomentId(measures.snapshot))
          return this.#fail(`the training process named a snapshot '${measures.snapshot}'`);
        const added = this.#folder.measures.add(measures, grams);
        return this.#keep(added.then(() => emit({ type: 'measures', id, measures })));
      }
      case 'checkpoint': {
        if (!isMomentId(event.id)) return this.#fail(`the training process named a checkpoint '${event.id}'`);
        const added = this.#folder.checkpoints.add(event.id, event.bytes);
        return this.#keep(added.then(() => this.#checkpoint(event.id)));
      }
      case 'live': {
        const { bytes, watch = null, step = null } = event;
        if (step) this.progress.lastStep = step;
        return emit({ type: 'live', id, bytes, watch, step });
      }
      case 'paused':
        return record.state === 'running' ? this.#enter('paused') : undefined;
      case 'resumed':
        return record.state === 'paused' ? this.#enter('running') : undefined;
      case 'merged': {
        const { type: _, ...merge } = event;
        record.merged = true;
        record.merge = merge;
        return this.#changed();
      }
      case 'end':
        this.#outcome ??= { state: event.reason, reason: event.reason === 'stopped' ? this.#stopped() : '' };
        return this.#killAfter(LEAVE_MS);
      case 'failure':
        this.#outcome ??= { state: 'failed', reason: event.message };
        return this.#killAfter(LEAVE_MS);
    }
  }

  #prepare(what: string, fraction: number | null): void {
    this.progress.preparing = { what, fraction };
    if (Date.now() - this.#lastProgress < PROGRESS_MS && fraction !== 1) return;
    this.#lastProgress = Date.now();
    this.#announce();
  }

  /** The run is announced with its probes once their images can be read. */
  async #ready({ probes, probeImages }: TrainerEvent & { type: 'ready' }): Promise<void> {
    const { record } = this.#folder;
    await this.#folder.writeProbes(probeImages);
    record.probes = probes;
    for (const { index } of this.#folder.own.list) this.probe(index, await this.#folder.own.pixels(index));
    this.progress.preparing = null;
    if (record.state === 'preparing') this.#enter('running');
    else this.#changed();
  }

  /** The weights first: a snapshot that is listed has them. */
  async #snapshot({ id, bytes, weights, ...moment }: TrainerEvent & { type: 'snapshot' }): Promise<void> {
    const { epoch, lambda, merged } = moment;
    if (weights) await this.#folder.weights.add(id, weights);
    const snapshot = await this.#folder.snapshots.add({ id, epoch, lambda, merged }, bytes);
    this.#options.emit({ type: 'snapshot', id: this.#folder.id, snapshot });
  }

  async #record({ metrics, step }: TrainerEvent & { type: 'epoch' }): Promise<void> {
    const { id, record } = this.#folder;
    await this.#folder.addMetrics(metrics);
    record.epoch = metrics.epoch;
    record.lambda = metrics.lambda;
    record.testAccuracy = metrics.testAccuracy;
    // A merge right after the epoch may have been told while its metrics were written.
    record.merged ||= metrics.merged;
    this.#keep(this.#folder.save());
    // A later step may have been told meanwhile.
    const latest = step && step === this.progress.lastStep ? step : null;
    this.#options.emit({ type: 'epoch', id, metrics, summary: this.summary, step: latest });
  }

  #checkpoint(id: string): void {
    this.#folder.record.checkpoint = id;
    this.#keep(this.#folder.save());
  }

  #enter(state: RunState, reason = ''): void {
    this.#folder.record.state = state;
    this.#folder.record.reason = reason;
    this.#changed();
  }

  #changed(): void {
    this.#keep(this.#folder.save());
    this.#announce();
  }

  #announce(): void {
    this.#options.emit({ type: 'run', id: this.#folder.id, summary: this.summary });
  }

  /** A run whose records can't be kept has failed: training on would lose them. */
  #keep(writing: Promise<void>): void {
    const kept = writing
      .catch((error: Error) => this.#fail(`the run can't be recorded: ${error.message}`))
      .finally(() => this.#writing.delete(kept));
    this.#writing.add(kept);
  }

  #fail(reason: string): void {
    if (this.#outcome?.state === 'failed') return;
    this.#outcome = { state: 'failed', reason };
    this.#process.send({ type: 'stop' });
    this.#killAfter(LEAVE_MS);
  }

  #killAfter(ms: number): void {
    if (this.#deadline) clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#process.kill(), ms);
  }

  #stopped(): string {
    return `${this.#stopReason || 'stopped'} after epoch ${this.#folder.record.epoch}`;
  }

  async #finish(exit: Exit): Promise<void> {
    clearInterval(this.#beat);
    if (this.#deadline) clearTimeout(this.#deadline);
    while (this.#writing.size > 0) await Promise.all(this.#writing);
    await this.#folder.idle();
    const { record } = this.#folder;
    const unasked: Outcome =
      record.state === 'stopping'
        ? { state: 'stopped', reason: this.#stopped() }
        : { state: 'failed', reason: describeExit(exit) };
    const { state, reason } = this.#outcome ?? unasked;
    record.owner = null;
    this.progress.preparing = null;
    // Whoever hears of the end finds the run free for the next command.
    this.#options.onEnd();
    this.#enter(state, reason);
  }
}

function describeExit({ code, signal, notStarted, lastWords }: Exit): string {
  const how = notStarted ?? (signal ? `was ended by ${signal}` : `ended with exit code ${code}`);
  const hint = signal === 'SIGKILL' ? ' (out of memory?)' : '';
  return `the training process ${how}${hint}${lastWords ? `; its last words: ${lastWords}` : ''}`;
}
