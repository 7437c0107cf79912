/** An analysis process that stays: it records one image at one snapshot after another. */
import type { ChildProcess } from 'node:child_process';
import type { RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import type { AnalysisAnswer, AnalysisTask } from '../training/tasks.ts';
import { forkAnalysis, TIMEOUT_SECONDS, type AnalysisOptions } from './analysisProcess.ts';
import { shorten } from './process.ts';

export class RecordingProcess {
  readonly rung: RungId;
  readonly #child: ChildProcess;
  readonly #timeoutSeconds: number;
  #answered: ((answer: AnalysisAnswer | string) => void) | null = null;
  #words = '';
  #alive = true;

  constructor(rung: RungId, { entry, timeoutSeconds = TIMEOUT_SECONDS }: AnalysisOptions = {}) {
    this.rung = rung;
    this.#timeoutSeconds = timeoutSeconds;
    this.#child = forkAnalysis(entry);
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-4000);
    });
    this.#child.on('message', (message) => this.#answered?.(message as AnalysisAnswer));
    this.#child.on('error', (error) => this.#gone(`did not start: ${error.message}`));
    this.#child.on('close', (code, signal) =>
      this.#gone(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    );
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
      this.#child.send(task, () => undefined); // of a failure tells the process's end
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
    this.#child.kill('SIGKILL');
  }

  #gone(how: string): void {
    this.#alive = false;
    const last = shorten(this.#words);
    this.#answered?.(`the analysis process ${how}${last ? `: ${last}` : ''}`);
  }
}
