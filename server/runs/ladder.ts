/** The ladder of engines: tries every rung for real, each in a process of its own, and takes the best that works. */
import { setTimeout as wait } from 'node:timers/promises';
import type { RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import type { EngineReport, RungReport } from '../../shared/protocol.ts';
import { RUNG_IDS } from '../../shared/rungs.ts';
import { mayHaveGpu } from '../engine/gpu.ts';
import { attempt, tryRung, untested, type AttemptOptions } from './attempt.ts';
import type { TrainerProcess } from './process.ts';

export interface LadderOptions extends Pick<AttemptOptions, 'timeoutSeconds' | 'upSeconds' | 'entry'> {
  /** `auto` takes the best; a rung's name takes that one or none. */
  requested: 'auto' | RungId;
  /** Seconds between the choice and the tests of what is left: a run that waits for the choice starts sooner. So long can
   * it take the process of the chosen rung. */
  pauseSeconds?: number;
  /** Whether a GPU may be here; looked up by default. */
  gpu?: boolean;
}

/** Rungs that are tried side by side, one after the other within a lane: two that take the same GPU would get into each
 * other's way. Plain JavaScript, the last resort, is tried after them. */
const LANES: readonly (readonly RungId[])[] = [
  ['tensorflow-gpu', 'webgpu'],
  ['tensorflow', 'wasm'],
];

/** On a machine without a GPU they are no better than the others, and a run need not wait for them. */
const ON_GPU: readonly RungId[] = ['tensorflow-gpu', 'webgpu'];

export class Ladder {
  readonly #options: LadderOptions;
  readonly #listeners = new Set<(report: EngineReport) => void>();
  readonly #chosen: Promise<RungId>;
  readonly #closing = new AbortController();
  /** The processes of rungs that passed, until the choice is made; then that of the chosen one, until it is taken. */
  readonly #passed = new Map<RungId, TrainerProcess>();
  /** Rungs whose verdict the choice does not wait for. */
  readonly #unlikely: readonly RungId[];
  #settle: { resolve: (rung: RungId) => void; reject: (error: ScopeError) => void } | null = null;
  #testing: Promise<EngineReport> | null = null;
  #report: EngineReport;

  constructor(options: LadderOptions) {
    this.#options = options;
    this.#unlikely = options.requested !== 'auto' || (options.gpu ?? mayHaveGpu()) ? [] : ON_GPU;
    this.#chosen = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#chosen.catch(() => undefined); // the rejection is for those who ask
    this.#report = {
      chosen: null,
      testing: false,
      requested: options.requested,
      rungs: RUNG_IDS.map((id) =>
        this.#unlikely.includes(id)
          ? { ...untested(id), reason: 'no driver of a GPU is here, so it is tried last' }
          : untested(id),
      ),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    };
  }

  get report(): EngineReport {
    return this.#report;
  }

  /** Calls back with every new report; returns what ends it. */
  subscribe(listener: (report: EngineReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tries every rung, each in a process of its own, the requested one first; a second call joins the first. */
  test(): Promise<EngineReport> {
    return (this.#testing ??= this.#testAll());
  }

  /** The best rung (or the requested one), as soon as it is known; starts the test if nobody has. Rejects with
   * ENGINE_UNAVAILABLE and the reasons, or with CONFLICT where the ladder is closed before. */
  chosen(): Promise<RungId> {
    void this.test();
    return this.#chosen;
  }

  /** The process in which the chosen rung passed, its engine started: the caller's from then on. Null where it has been
   * taken, or the choice is longer ago than the pause. */
  take(id: RungId): TrainerProcess | null {
    const trainer = id === this.#report.chosen ? this.#passed.get(id) : undefined;
    if (!trainer) return null;
    this.#passed.delete(id);
    return trainer;
  }

  /** Ends the rungs that are being tried and tries no more; a choice that is still awaited is refused. */
  close(): void {
    this.#closing.abort();
    this.#dismiss();
    this.#settle!.reject(new ScopeError('CONFLICT', 'the program is ending'));
  }

  async #testAll(): Promise<EngineReport> {
    const { requested, pauseSeconds = 0 } = this.#options;
    const { signal } = this.#closing;
    this.#update({ testing: true });
    if (requested === 'auto') await Promise.all(LANES.map((lane) => this.#climb(lane)));
    else {
      await this.#try(requested);
      if (this.#report.chosen === null) this.#settle!.reject(this.#unavailable());
    }
    if (this.#report.chosen !== null && pauseSeconds > 0)
      await wait(pauseSeconds * 1000, undefined, { ref: false, signal }).catch(() => undefined);
    this.#dismiss();
    for (const { id, verdict } of [...this.#report.rungs]) if (verdict === 'untested') await this.#try(id);
    this.#update({ testing: false });
    if (this.#report.chosen === null) this.#settle!.reject(this.#unavailable());
    return this.#report;
  }

  /** Tries a lane's rungs until the choice is made. */
  async #climb(lane: readonly RungId[]): Promise<void> {
    for (const id of lane)
      if (this.#report.chosen === null && !this.#unlikely.includes(id)) await this.#try(id);
  }

  async #try(id: RungId): Promise<void> {
    const { requested } = this.#options;
    const { signal } = this.#closing;
    if (signal.aborted) return;
    const allowSoftware = id === 'webgpu' && requested === 'webgpu';
    const outcome = await this.#attempt(id, { ...this.#options, allowSoftware, signal });
    if (signal.aborted) return this.#dismiss(); // ended halfway, it has shown nothing
    const rungs = this.#report.rungs.map((rung) => (rung.id === id ? outcome : rung));
    const best = this.#report.chosen === null ? bestOf(rungs, requested, this.#unlikely) : undefined;
    if (!best) this.#update({ rungs });
    else {
      const used: RungReport = { ...best, verdict: 'used', reason: whyUsed(best.id, requested, rungs) };
      this.#update({ chosen: best.id, rungs: rungs.map((rung) => (rung === best ? used : rung)) });
      this.#settle!.resolve(best.id);
    }
    if (this.#report.chosen !== null) this.#dismiss(this.#report.chosen);
  }

  /** One that passes before the choice is made keeps its process: it may be the one. */
  async #attempt(id: RungId, options: AttemptOptions): Promise<RungReport> {
    if (this.#report.chosen !== null) return tryRung(id, options);
    const { report, trainer } = await attempt(id, options);
    if (trainer) {
      this.#passed.set(id, trainer);
      void trainer.gone.then(() => this.#passed.get(id) === trainer && this.#passed.delete(id));
    }
    return report;
  }

  /** Ends the processes of rungs that passed, but that of one. */
  #dismiss(except?: RungId): void {
    for (const [id, trainer] of this.#passed) {
      if (id === except) continue;
      trainer.kill();
      this.#passed.delete(id);
    }
  }

  #update(change: Partial<EngineReport>): void {
    this.#report = { ...this.#report, ...change };
    for (const listener of this.#listeners) listener(this.#report);
  }

  #unavailable(): ScopeError {
    const { requested, rungs } = this.#report;
    const reasons = (requested === 'auto' ? rungs : rungs.filter((rung) => rung.id === requested)).map(
      ({ id, reason, remedy }) => `${id}: ${reason}${remedy ? ` (remedy: ${remedy})` : ''}`,
    );
    const what = requested === 'auto' ? 'no engine works here' : `the engine asked for does not work here`;
    return new ScopeError('ENGINE_UNAVAILABLE', `${what}: ${reasons.join('; ')}`, { field: 'backend' });
  }
}

/** The best rung that passed, or the requested one, once it is known that no better one does, the unlikely aside. */
function bestOf(
  rungs: readonly RungReport[],
  requested: EngineReport['requested'],
  unlikely: readonly RungId[],
): RungReport | undefined {
  const candidates = requested === 'auto' ? rungs : rungs.filter((rung) => rung.id === requested);
  const open = candidates.find(
    ({ id, verdict }) => verdict === 'passed' || (verdict === 'untested' && !unlikely.includes(id)),
  );
  return open?.verdict === 'passed' ? open : undefined;
}

/** Why a rung was taken, in one sentence, the better ones that were passed over with a word each. */
function whyUsed(id: RungId, requested: EngineReport['requested'], rungs: readonly RungReport[]): string {
  if (requested !== 'auto') return 'asked for with --backend, and it passes';
  const better = rungs.slice(
    0,
    rungs.findIndex((rung) => rung.id === id),
  );
  if (better.length === 0) return 'the first of the ladder, and it passes';
  const names = better.map((rung) => rung.id);
  const list = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0];
  const words = [...new Set(better.map((rung) => inBrief(rung)))].join('; ');
  return `the best that passes: ${list} ${names.length > 1 ? 'were' : 'was'} passed over (${words})`;
}

/** A reason up to its first explanation, at most 64 characters. */
function inBrief({ reason }: RungReport): string {
  const clause = reason.split(/[:;,(]/)[0]!.trim();
  return clause.length > 64 ? `${clause.slice(0, 63).trimEnd()}…` : clause;
}
