/** The child process that trains: spoken to, ended, and its last words kept. */
import { fileURLToPath } from 'node:url';
import { TRAINING_HEAPS } from '../heap.mjs';
import type { TrainerCommand, TrainerEvent } from '../training/messages.ts';
import { Child, type ChildExit } from './child.ts';

export const WORKER = fileURLToPath(new URL('../worker.ts', import.meta.url));

/** The wasm engine can print a trace that holds its whole binary in one line. */
const LONGEST_LINE = 300;

export interface Exit extends ChildExit {
  /** The last lines it wrote to stderr. */
  lastWords: string;
}

export interface ProcessListener {
  onEvent(event: TrainerEvent): void;
  /** Called once, after the last event. */
  onExit(exit: Exit): void;
}

export class TrainerProcess {
  readonly #child: Child;
  #listener: ProcessListener | null = null;
  #exit: Exit | null = null;
  /** Resolves once it has gone. */
  readonly gone: Promise<void>;

  constructor(path: string, upSeconds?: number) {
    let leave: () => void;
    this.gone = new Promise((resolve) => (leave = resolve));
    const options = {
      flags: TRAINING_HEAPS,
      serialization: 'advanced' as const,
      // A terminal's Ctrl-C reaches the whole group: the server ends its workers itself, gracefully.
      detached: process.platform !== 'win32',
      upSeconds,
    };
    this.#child = new Child(path, options, {
      onMessage: (message) => this.#listener?.onEvent(message as TrainerEvent),
      onExit: (exit) => {
        this.#exit = { ...exit, lastWords: shorten(this.#child.lastWords) };
        leave();
        this.#listener?.onExit(this.#exit);
      },
    });
  }

  /** The last that it wrote to stderr. */
  get lastWords(): string {
    return this.#child.lastWords;
  }

  /** To be called before the first command, which nothing is said without; one that has gone by then says so at once.
   * Takes the place of the listener before. */
  listen(listener: ProcessListener): void {
    this.#listener = listener;
    if (this.#exit) listener.onExit(this.#exit);
  }

  /** Dropped where the process has gone: its exit is reported anyway. */
  send(command: TrainerCommand): void {
    this.#child.send(command);
  }

  kill(): void {
    this.#child.kill();
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
