/** A script in a process of its own: forked, started once more where it does not come up, spoken to, and never left
 * behind by the program. */
import { fork, type ChildProcess, type ForkOptions, type Serializable } from 'node:child_process';
import { TYPESCRIPT } from '../typescript.mjs';

const UP = new URL('up.mjs', import.meta.url).href;

const STARTS = 2;
export const UP_SECONDS = 45;
const LAST_WORDS = 4000;

export interface ChildOptions extends Pick<ForkOptions, 'serialization' | 'detached'> {
  args?: readonly string[];
  /** Flags of Node. */
  flags?: readonly string[];
  /** A process that has not come up by then is killed and started once more. It is up before the script is loaded. */
  upSeconds?: number;
}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Set where the script never began: why, in words to follow "the process". */
  notStarted: string | null;
}

export interface ChildListener {
  onMessage(message: unknown): void;
  /** Called once, after the last message. */
  onExit(exit: ChildExit): void;
}

/** Killed when the program ends by itself: one that hangs would not notice that it is alone. */
const living = new Set<ChildProcess>();
process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')));

export class Child {
  readonly #entry: string;
  readonly #options: ChildOptions;
  readonly #listener: ChildListener;
  #process: ChildProcess;
  #starts = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What was sent before the process was up; null from then on. */
  #held: Serializable[] | null = [];
  #lastWords = '';
  #exited = false;

  constructor(entry: string, options: ChildOptions, listener: ChildListener) {
    this.#entry = entry;
    this.#options = options;
    this.#listener = listener;
    this.#process = this.#start();
  }

  /** The last that it wrote to stderr. */
  get lastWords(): string {
    return this.#lastWords;
  }

  /** Dropped where the process has gone: its exit is reported anyway. */
  send(message: Serializable): void {
    if (this.#held) this.#held.push(message);
    else if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  kill(): void {
    clearTimeout(this.#timer);
    this.#process.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const { args = [], flags = [], upSeconds = UP_SECONDS, ...options } = this.#options;
    this.#starts++;
    const child = fork(this.#entry, args, {
      ...options,
      execArgv: [...flags, ...TYPESCRIPT, '--import', UP],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    if (child.pid !== undefined) living.add(child);
    this.#timer = setTimeout(() => this.#startAnew(upSeconds), upSeconds * 1000);
    // Of one that was given up, nothing is heard but that it has gone.
    child.on('exit', () => living.delete(child));
    child.on('message', (message) => child === this.#process && this.#receive(message));
    child.on('close', (code, signal) => {
      if (child === this.#process) this.#end({ code, signal, notStarted: null });
    });
    child.on('error', ({ message }) => {
      if (child.pid === undefined)
        this.#end({ code: null, signal: null, notStarted: `did not start: ${message}` });
      else this.#hear(`\n${message}`);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    return child;
  }

  #startAnew(upSeconds: number): void {
    this.#process.kill('SIGKILL');
    if (this.#starts < STARTS) this.#process = this.#start();
    else {
      const notStarted = `did not start within ${STARTS} × ${upSeconds} s`;
      this.#end({ code: null, signal: null, notStarted });
    }
  }

  #receive(message: unknown): void {
    if (this.#exited) return;
    if (!this.#held) return this.#listener.onMessage(message);
    clearTimeout(this.#timer); // the first message is that of up.mjs
    const held = this.#held;
    this.#held = null;
    for (const each of held) this.send(each);
  }

  #hear(text: string): void {
    this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
  }

  #end(exit: ChildExit): void {
    clearTimeout(this.#timer);
    this.#held = null;
    if (this.#exited) return;
    this.#exited = true;
    this.#listener.onExit(exit);
  }
}

/** To follow "the process". */
export function howItEnded({ code, signal, notStarted }: ChildExit): string {
  return notStarted ?? (signal ? `was ended by ${signal}` : `ended with code ${code}`);
}
