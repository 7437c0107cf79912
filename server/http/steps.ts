/** The steps of runs on their way to those who follow them: the latest of each run, at a pace that leaves the
 * training its processors however many follow. */
import type { StepMetrics } from '../../shared/protocol.ts';
import { Rests } from './rests.ts';

/** Share of the time that may pass in sending steps. The kernel, and readers on the same machine, take several times as
 * long again. */
const SENDING = 0.001;

export class Steps {
  readonly #send: (runId: string, step: StepMetrics) => void;
  readonly #rests = new Rests(SENDING);
  /** Steps that nobody was sent yet. */
  readonly #latest = new Map<string, StepMetrics>();
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (runId: string, step: StepMetrics) => void) {
    this.#send = send;
  }

  add(runId: string, step: StepMetrics): void {
    this.#latest.set(runId, step);
    if (this.#timer) return;
    const wait = this.#rests.until - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#sendAll(), wait);
    else this.#sendAll();
  }

  /** Sends a run's step that waits, because something is to be told that came after it. */
  flush(runId: string): void {
    const step = this.#latest.get(runId);
    if (!step) return;
    this.#latest.delete(runId);
    this.#send(runId, step);
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
