/** One task in a process of its own: given the task, waited for, ended. */
import { fileURLToPath } from 'node:url';
import { ScopeError } from '../../shared/errors.ts';
import type { AnalysisAnswer, AnalysisTask } from '../training/tasks.ts';
import { Child, howItEnded, type ChildListener } from './child.ts';
import { shorten } from './process.ts';

export const ANALYSIS = fileURLToPath(new URL('../analysis.ts', import.meta.url));

export interface AnalysisOptions {
  /** The script of the process; tests put a crashing one in its place. */
  entry?: string;
  /** A process that has not answered by then is ended. */
  timeoutSeconds?: number;
  /** As of ChildOptions. */
  upSeconds?: number;
}

export const TIMEOUT_SECONDS = 120;

export function forkAnalysis(
  { entry = ANALYSIS, upSeconds }: AnalysisOptions,
  listener: ChildListener,
): Child {
  const detached = process.platform !== 'win32';
  return new Child(entry, { serialization: 'advanced', detached, upSeconds }, listener);
}

/** The answer of the process; throws the ScopeError that it reports, or INTERNAL where it crashes or takes too long. */
export function analyse(
  task: AnalysisTask,
  options: AnalysisOptions = {},
): Promise<Exclude<AnalysisAnswer, { type: 'failure' }>> {
  const { timeoutSeconds = TIMEOUT_SECONDS } = options;
  return new Promise((resolve, reject) => {
    let answer: AnalysisAnswer | null = null;
    let late = false;
    const child = forkAnalysis(options, {
      onMessage: (message) => (answer = message as AnalysisAnswer),
      onExit: (exit) => {
        clearTimeout(timer);
        if (answer && answer.type !== 'failure') return resolve(answer);
        const how = late ? `gave no answer within ${timeoutSeconds} s` : howItEnded(exit);
        const last = shorten(child.lastWords);
        reject(
          answer
            ? new ScopeError(answer.code, answer.message, answer.field ? { field: answer.field } : {})
            : new ScopeError('INTERNAL', `the analysis process ${how}${last ? `: ${last}` : ''}`),
        );
      },
    });
    const timer = setTimeout(() => {
      late = true;
      child.kill();
    }, timeoutSeconds * 1000);
    child.send(task);
  });
}
