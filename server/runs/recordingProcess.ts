/** An analysis process that stays: it records one image at one snapshot after another. */
import type { RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import type { AnalysisAnswer, AnalysisTask } from '../training/tasks.ts';
import { forkAnalysis, TIMEOUT_SECONDS, type AnalysisOptions } from './analysisProcess.ts';
import { howItEnded, type Child } from './child.ts';
import { shorten } from './process.ts';

export class RecordingProcess {
  readonly rung: RungId;
  readonly #child: Child;
  readonly #timeoutSeconds: number;
  #answered: ((answer: AnalysisAnswer | string) => void) | null = null;
  #alive = true;

  constructor(rung: RungId, options: AnalysisOptions = {}) {
    this.rung = rung;
    this.#timeoutSeconds = options.timeoutSeconds ?? TIMEOUT_SECONDS;
    this.#child = forkAnalysis(options, {
      onMessage: (message) => this.#answered?.(message as AnalysisAnswer),
      onExit: (exit) => this.#gone(howItEnded(exit)),
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** The encoded frame; one task at a time. Throws the ScopeError that the process reports, or INTERNAL where it crashes
   * or takes too long. */
  async record(task: AnalysisTask & { type: 'record' }): Promise<Uint8Array> {
    const timer = setTimeout(() => {
      this.#gone(`gave no answer within ${this.#timeoutSeconds} s`);
      this.end();
    }, this.#timeoutSeconds * 1000);
    const answer = await new Promise<AnalysisAnswer | string>((resolve) => {
      this.#answered = resolve;
      this.#child.send(task);
    });
    clearTimeout(timer);
    this.#answered = null;
    if (typeof answer === 'string') throw new ScopeError('INTERNAL', answer);
    if (answer.type === 'failure')
      throw new ScopeError(answer.code, answer.message, answer.field ? { field: answer.field } : {});
    if (answer.type !== 'recorded') throw new Error(`the analysis process answered '${answer.type}'`);
    return answer.bytes;
  }

  end(): void {
    this.#alive = false;
    this.#child.kill();
  }

  #gone(how: string): void {
    this.#alive = false;
    const last = shorten(this.#child.lastWords);
    this.#answered?.(`the analysis process ${how}${last ? `: ${last}` : ''}`);
  }
}
