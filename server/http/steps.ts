/** The steps of runs on their way to those who follow them: the latest of each run, at a pace that leaves the
 * training its processors however many follow. */
import type { StepMetrics } from '../../shared/protocol.ts';
import { Rests } from './rests.ts';

/** Share of the time that may pass in sending steps. The kernel, and readers on the same machine, take several times as
 * long again. */
const SENDING = 0.001;

/** Sends a step to the followers of a run, but for those whose ids are given. */
type Send = (runId: string, step: StepMetrics, told: readonly string[]) => void;

export class Steps {
  readonly #send: Send;
  readonly #rests = new Rests(SENDING);
  /** Steps that only those have been told whose ids are given. */
  readonly #latest = new Map<string, { step: StepMetrics; told: readonly string[] }>();
  #timer: NodeJS.Timeout | null = null;

  constructor(send: Send) {
    this.#send = send;
  }

  /** `told` have it already. */
  add(runId: string, step: StepMetrics, told: readonly string[] = []): void {
    this.#latest.set(runId, { step, told });
    if (this.#timer) return;
    const wait = this.#rests.until - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#sendAll(), wait);
    else this.#sendAll();
  }

  /** Sends a run's step that waits, because something is to be told that came after it. */
  flush(runId: string): void {
    const latest = this.#latest.get(runId);
    if (!latest) return;
    this.#latest.delete(runId);
    this.#send(runId, latest.step, latest.told);
  }

  /** Forgets a run's step that waits, because everyone has been told a later one. */
  drop(runId: string): void {
    this.#latest.delete(runId);
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#latest.clear();
  }

  #sendAll(): void {
    this.#timer = null;
    this.#rests.work(() => {
      for (const runId of [...this.#latest.keys()]) this.flush(runId);
    });
  }
}
