/** One task in a process of its own: forked, given the task, waited for, ended. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ScopeError } from '../../shared/errors.ts';
import type { AnalysisAnswer, AnalysisTask } from '../training/tasks.ts';
import { LOADER, shorten } from './process.ts';

export const ANALYSIS = fileURLToPath(new URL('../analysis.ts', import.meta.url));

export interface AnalysisOptions {
  /** The script of the process; tests put a crashing one in its place. */
  entry?: string;
  /** A process that has not answered by then is ended. */
  timeoutSeconds?: number;
}

export const TIMEOUT_SECONDS = 120;

export function forkAnalysis(entry = ANALYSIS): ChildProcess {
  return fork(entry, {
    execArgv: ['--import', LOADER],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
  });
}

/** The answer of the process; throws the ScopeError that it reports, or INTERNAL where it crashes or takes too long. */
export function analyse(
  task: AnalysisTask,
  { entry, timeoutSeconds = TIMEOUT_SECONDS }: AnalysisOptions = {},
): Promise<Exclude<AnalysisAnswer, { type: 'failure' }>> {
  return new Promise((resolve, reject) => {
    const child = forkAnalysis(entry);
    let answer: AnalysisAnswer | null = null;
    let words = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutSeconds * 1000);
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-4000)));
    child.on('message', (message) => (answer = message as AnalysisAnswer));
    const end = (how: string): void => {
      clearTimeout(timer);
      if (answer && answer.type !== 'failure') return resolve(answer);
      const last = shorten(words);
      reject(
        answer
          ? new ScopeError(answer.code, answer.message, answer.field ? { field: answer.field } : {})
          : new ScopeError('INTERNAL', `the analysis process ${how}${last ? `: ${last}` : ''}`),
      );
    };
    child.on('error', (error) => end(`did not start: ${error.message}`));
    child.on('close', (code, signal) => {
      if (late) end(`gave no answer within ${timeoutSeconds} s`);
      else end(signal ? `was ended by ${signal}` : `ended with code ${code}`);
    });
    child.send(task, () => undefined);
  });
}
