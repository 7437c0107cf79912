/** The child process that trains: forked, spoken to, ended, and its last words kept. */
import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { TRAINING_HEAPS } from '../heap.mjs';
import type { TrainerCommand, TrainerEvent } from '../training/messages.ts';

export const WORKER = fileURLToPath(new URL('../worker.ts', import.meta.url));

/** Resolved from here, not from where the program was started. */
export const LOADER = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

const LAST_WORDS = 4000;
/** The wasm engine can print a trace that holds its whole binary in one line. */
const LONGEST_LINE = 300;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines it wrote to stderr. */
  lastWords: string;
}

export interface ProcessListener {
  onEvent(event: TrainerEvent): void;
  /** Called once, after the last event. */
  onExit(exit: Exit): void;
}

export class TrainerProcess {
  readonly #child: ChildProcess;
  #stderr = '';
  #exited = false;

  constructor(path: string, listener: ProcessListener) {
    this.#child = fork(path, {
      execArgv: [...TRAINING_HEAPS, '--import', LOADER],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A terminal's Ctrl-C reaches the whole group: the server ends its workers itself, gracefully.
      detached: process.platform !== 'win32',
    });
    this.#child.on('message', (message) => listener.onEvent(message as TrainerEvent));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-LAST_WORDS);
    });
    const exit = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (this.#exited) return;
      this.#exited = true;
      listener.onExit({ code, signal, lastWords: shorten(this.#stderr) });
    };
    this.#child.on('error', (error) => {
      this.#stderr += `\n${error.message}`;
      if (this.#child.pid === undefined) exit(null, null);
    });
    this.#child.on('close', exit);
  }

  get exited(): boolean {
    return this.#exited;
  }

  /** Dropped where the process has gone: its exit is reported anyway. */
  send(command: TrainerCommand): void {
    if (this.#child.connected) this.#child.send(command, () => undefined);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** The last eight lines that are no stack frames, each cut to a length that a person reads. */
export function shorten(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
    .slice(-8)
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line))
    .join('\n');
}
