/** Starts runs, one training process each, and keeps them in hand: queue, commands, listeners, shutdown. */
import { setTimeout as wait } from 'node:timers/promises';
import type { RunConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import type { ProbeInfo, RunDetail, RunState, RunSummary } from '../../shared/protocol.ts';
import type { RunFolder } from './folder.ts';
import { epochOf } from './id.ts';
import { launch, type LaunchOptions, type Waiting } from './launch.ts';
import { detail, probesOf, summarise } from './record.ts';
import { RunSession, type RunEvent, type Watch } from './session.ts';
import type { RunStore } from './store.ts';

export interface SupervisorOptions extends LaunchOptions {
  store: RunStore;
  /** Runs under way at a time; the others wait. */
  concurrency?: number;
  /** How long a process may take to stop when all are shut down, ms; then it is killed. */
  shutdownMs?: number;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #store: RunStore;
  readonly #sessions = new Map<string, RunSession>();
  /** Waiting runs in order. */
  readonly #queue: Waiting[] = [];
  readonly #watches = new Map<string, Watch>();
  readonly #listeners = new Set<(event: RunEvent) => void>();
  /** Every run that this process has written. */
  readonly #written = new Set<RunFolder>();
  #starting = 0;
  #closing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** Calls `listener` with every event of every run; returns how to end that. */
  subscribe(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** `weights` is the path of a weights file to start from; it is copied before this resolves. */
  async start(config: RunConfig, weights: string | null = null): Promise<RunDetail> {
    const folder = await this.#store.create(config, weights);
    this.#enqueue({ folder, resume: null });
    return this.detail(folder.id);
  }

  /** All runs, newest first. */
  async list(): Promise<RunSummary[]> {
    await this.#store.refresh();
    return this.#store.list((folder) => this.#summary(folder));
  }

  detail(id: string): RunDetail {
    return detail(id, this.#store.get(id).record, this.#sessions.get(id)?.progress);
  }

  pause(id: string): RunSummary {
    this.#expect(id, 'pause', ['running']);
    this.#sessions.get(id)!.pause();
    return this.#summary(this.#store.get(id));
  }

  /** Goes on after a pause, or from the last checkpoint of a run that was stopped or has failed. */
  async resume(id: string): Promise<RunSummary> {
    const folder = this.#expect(id, 'resume', ['paused', 'stopped', 'failed']);
    const session = this.#sessions.get(id);
    if (session) session.resume();
    else await this.#goOn(folder);
    return this.#summary(folder);
  }

  stop(id: string): RunSummary {
    const folder = this.#expect(id, 'stop', ['queued', 'preparing', 'running', 'paused']);
    const session = this.#sessions.get(id);
    if (session) session.stop('stopped on request');
    else this.#unqueue(folder, 'stopped on request before it began');
    return this.#summary(folder);
  }

  async delete(id: string): Promise<void> {
    this.#refuseForeign(id);
    if (this.#sessions.has(id)) this.#refuse(id, 'be deleted', this.#store.get(id).record.state);
    const folder = this.#store.get(id);
    await this.#store.delete(id);
    this.#written.delete(folder);
    this.#watches.delete(id);
    this.#emit({ type: 'run', id, summary: null });
  }

  /** Adds an image, uint8 [H, W, C] in the size of the network's input, to a run's probes. Throws CONFLICT where the
   * run takes none. */
  async addProbe(id: string, name: string, pixels: Uint8Array): Promise<ProbeInfo> {
    this.#refuseForeign(id);
    const folder = this.#store.get(id);
    const probe = await folder.own.add(name, pixels);
    this.#written.add(folder);
    this.#sessions.get(id)?.probe(probe.index, pixels);
    this.#emit({ type: 'probes', id, probes: probesOf(folder.record) });
    return probe;
  }

  /** Removes an image that was added. Throws CONFLICT for a recorded probe. */
  async removeProbe(id: string, index: number): Promise<void> {
    this.#refuseForeign(id);
    const folder = this.#store.get(id);
    const { probes } = folder.record;
    if (index < probes.length)
      throw new ScopeError(
        'CONFLICT',
        `probe ${index} is recorded with every snapshot; only images that were added can be removed`,
        { field: 'index' },
      );
    await folder.own.remove(index);
    this.#sessions.get(id)?.probe(index, null);
    this.#emit({ type: 'probes', id, probes: probesOf(folder.record) });
  }

  /** What `pull` shall compute for a run; kept for when the run begins. */
  watch(id: string, watch: Watch): void {
    if (watch) this.#watches.set(id, watch);
    else this.#watches.delete(id);
    this.#sessions.get(id)?.watch(watch);
  }

  /** Asks for one live frame after so many milliseconds, and with `every` for more at this beat; false where the run is not
   * under way and none will come. */
  pull(id: string, after: number, every: number | null = null): boolean {
    const session = this.#sessions.get(id);
    const state = session?.summary.state;
    if (!session || (state !== 'running' && state !== 'paused')) return false;
    session.pull(after, every);
    return true;
  }

  /** Asks for no more frames until the next `pull`. */
  hold(id: string): void {
    this.#sessions.get(id)?.hold();
  }

  /** Stops every run, gracefully first; resolves when the last process has gone and all is on disk. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { folder } of this.#queue.slice())
      this.#unqueue(folder, 'the program was shut down before the run began');
    const { shutdownMs = 5_000 } = this.#options;
    for (const session of this.#sessions.values()) session.stop('the program was shut down', shutdownMs);
    while (this.#sessions.size > 0) await wait(20);
    await Promise.all([...this.#written].map((folder) => folder.idle()));
  }

  #enqueue(waiting: Waiting): void {
    const { folder } = waiting;
    this.#queue.push(waiting);
    this.#written.add(folder);
    this.#announce(folder);
    void this.#next();
  }

  async #next(): Promise<void> {
    const { concurrency = 1 } = this.#options;
    const next = this.#queue[0];
    if (this.#closing || !next || this.#sessions.size + this.#starting >= concurrency) return;
    const { folder } = next;
    this.#starting++;
    const launched = await launch(next, this.#options).catch((error: Error) => error);
    this.#starting--;
    if (this.#closing || this.#queue[0] !== next) {
      if (!(launched instanceof Error)) launched.trainer.kill();
      return void this.#next();
    }
    this.#queue.shift();
    if (launched instanceof Error) {
      this.#settle(folder, 'failed', launched.message);
      return void this.#next();
    }
    const { id } = folder;
    const session = new RunSession({
      folder,
      ...launched,
      watch: this.#watches.get(id) ?? null,
      emit: (event) => this.#emit(event),
      onEnd: () => {
        this.#sessions.delete(id);
        void this.#next();
      },
    });
    this.#sessions.set(id, session);
    void folder.dropStart().catch(() => undefined);
    void this.#next();
  }

  async #goOn(folder: RunFolder): Promise<void> {
    const { id, record } = folder;
    const before = { ...record };
    // Taken at once, so that a second request finds it queued.
    Object.assign(record, { state: 'queued', reason: '', owner: process.pid });
    try {
      const checkpoint = await folder.checkpoints.latest();
      if (!checkpoint)
        throw new ScopeError(
          'CONFLICT',
          `run '${id}' is ${before.state} and has no checkpoint to go on from`,
          { field: 'id' },
        );
      const epoch = epochOf(checkpoint);
      await folder.checkpoints.rewind(checkpoint);
      await folder.rewind(epoch);
      const last = (await folder.metrics()).at(-1);
      record.checkpoint = checkpoint;
      record.epoch = epoch;
      record.lambda = last?.lambda ?? null;
      record.testAccuracy = last?.testAccuracy ?? null;
      // The metrics of the merge's epoch are those before it.
      record.merged = checkpoint.endsWith('m') || (last?.merged ?? false);
      if (!record.merged) record.merge = null;
      await folder.save();
      this.#enqueue({ folder, resume: checkpoint });
    } catch (error) {
      Object.assign(record, before);
      throw error;
    }
  }

  #unqueue(folder: RunFolder, reason: string): void {
    const at = this.#queue.findIndex((entry) => entry.folder === folder);
    if (at >= 0) this.#queue.splice(at, 1);
    this.#settle(folder, 'stopped', reason);
  }

  #settle(folder: RunFolder, state: RunState, reason: string): void {
    Object.assign(folder.record, { state, reason, owner: null });
    folder.save().catch(() => undefined); // read again as under way, and then as stopped
    folder.dropStart().catch(() => undefined);
    this.#announce(folder);
  }

  #summary(folder: RunFolder): RunSummary {
    return this.#sessions.get(folder.id)?.summary ?? summarise(folder.id, folder.record);
  }

  #announce(folder: RunFolder): void {
    this.#emit({ type: 'run', id: folder.id, summary: this.#summary(folder) });
  }

  #emit(event: RunEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #expect(id: string, what: string, states: readonly RunState[]): RunFolder {
    const folder = this.#store.get(id);
    this.#refuseForeign(id);
    const { state } = folder.record;
    if (!states.includes(state)) this.#refuse(id, what, state, states);
    return folder;
  }

  #refuse(id: string, what: string, state: RunState, states: readonly RunState[] = []): never {
    const wanted = states.length > 0 ? `; only a run that is ${states.join(', ')} can` : '';
    throw new ScopeError('CONFLICT', `run '${id}' is ${state}: can't ${what}${wanted}`, { field: 'id' });
  }

  #refuseForeign(id: string): void {
    if (this.#store.isForeign(id))
      throw new ScopeError('CONFLICT', `run '${id}' is under way in another process`, { field: 'id' });
  }
}
