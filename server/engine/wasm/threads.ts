/**
 * Kernels on several threads: the main thread and its helpers (helper.mjs) take the parts of a task in turn, on the same
 * memory. How a task is cut into parts never depends on the number of threads, and every part writes what is its own; sums
 * of parts are added in the order of the parts. So a training gives the same numbers with any number of helpers, also
 * where one of them sleeps through a task. (Machines that fuse multiplication and addition round otherwise than those
 * that don't.) The main thread never waits for a helper that has not taken a part.
 */
import { Worker } from 'node:worker_threads';
import { ScopeError } from '../../../shared/errors.ts';
import { BackOff } from './backOff.ts';
import { ARGUMENTS, ASLEEP, at, FAULT, GENERATION, INSIDE, NEXT, OPEN, WAITING } from './task.mjs';

/** Functions of wat/; all take pointers and numbers and return nothing. */
type Kernel = (...args: number[]) => void;

export interface ThreadOptions {
  /** The helpers' program. */
  helper: URL;
  /** Milliseconds that a helper may take for one part before it is given up: parts take some hundred microseconds. */
  patience: number;
}

const DEFAULTS: ThreadOptions = { helper: new URL('./helper.mjs', import.meta.url), patience: 30_000 };

/** Helpers that sleep are not woken for a task of fewer parts: the main thread is through with it sooner. */
const WORTH_WAKING = 4;
/** How often the main thread looks whether the helpers are done before it lays itself to sleep. */
const SPINS = 20_000;
/** Milliseconds of one sleep: several make up the patience, so that a process that was stopped is not taken for one
 * whose helper died. */
const NAP = 500;
/** Milliseconds in which a helper must have started. */
const START = 10_000;

export class Threads {
  readonly #control = new SharedArrayBuffer(at.end);
  readonly #words = new Int32Array(this.#control);
  readonly #numbers = new Float64Array(this.#control, at.numbers);
  readonly #patience: number;
  readonly #kernels = new Map<string, { place: number; run: Kernel }>();
  #helpers: Worker[];
  #serving = false;
  readonly #backOff = new BackOff();
  #broken: ScopeError | undefined;

  /** Starts `helpers` threads, which load while others things are done; they serve after `load`. */
  constructor(helpers: number, options: Partial<ThreadOptions> = {}) {
    const { helper, patience } = { ...DEFAULTS, ...options };
    this.#patience = patience;
    this.#helpers = Array.from({ length: helpers }, () => {
      // No loader, no flags of the main thread: the helpers' program is plain JavaScript.
      const worker = new Worker(helper, { execArgv: [], stdin: false });
      worker.unref();
      worker.on('error', () => undefined); // told by 'exit', which follows
      worker.on('exit', () => this.#left(worker));
      return worker;
    });
  }

  /** Threads that compute: the main one and the helpers. */
  get count(): number {
    return 1 + this.#helpers.length;
  }

  /** Gives the kernels to all threads. Helpers that don't start are done without. */
  async load(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<void> {
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    Object.entries(instance.exports).forEach(([name, run], place) =>
      this.#kernels.set(name, { place, run: run as Kernel }),
    );
    const helpers = this.#helpers;
    const started = await Promise.all(
      helpers.map((worker) => {
        worker.postMessage({ module, memory, control: this.#control });
        return hasStarted(worker);
      }),
    );
    const idle = helpers.filter((_, i) => !started[i]);
    this.#helpers = this.#helpers.filter((worker) => !idle.includes(worker));
    this.#serving = true;
    await Promise.all(idle.map((worker) => worker.terminate()));
  }

  /** Runs a kernel over `units` of work, `grain` at a time. Its parameters are `args`, the first unit, the one after the
   * last, and the number of the part. Throws INTERNAL when a helper failed. */
  run(name: string, units: number, grain: number, ...args: number[]): void {
    if (this.#broken) throw this.#broken;
    const kernel = this.#kernels.get(name);
    if (!kernel) throw new ScopeError('INTERNAL', `wasm has no kernel '${name}'`);
    if (this.#helpers.length === 0 || units <= grain || this.#backOff.takeAlone()) {
      for (let begin = 0, part = 0; begin < units; begin += grain)
        kernel.run(...args, begin, Math.min(units, begin + grain), part++);
      return;
    }
    const begin = performance.now();
    this.#open(kernel.place, units, grain, args);
    try {
      for (;;) {
        const part = Atomics.add(this.#words, NEXT, 1);
        const first = part * grain;
        if (first >= units) break;
        kernel.run(...args, first, Math.min(units, first + grain), part);
      }
    } finally {
      const done = performance.now();
      this.#close(name);
      this.#backOff.judge(done - begin, performance.now() - done);
    }
  }

  #open(place: number, units: number, grain: number, args: readonly number[]): void {
    this.#numbers.set([place, units, grain, args.length]);
    this.#numbers.set(args, ARGUMENTS);
    const words = this.#words;
    Atomics.store(words, NEXT, 0);
    const generation = (Atomics.load(words, GENERATION) + 1) | 0 || 1;
    Atomics.store(words, OPEN, generation);
    Atomics.store(words, GENERATION, generation);
    if (units > WORTH_WAKING * grain && Atomics.load(words, ASLEEP) !== 0) Atomics.notify(words, GENERATION);
  }

  /** Lets no helper into the task any more, and waits for those inside. */
  #close(name: string): void {
    const words = this.#words;
    Atomics.store(words, OPEN, 0);
    for (let i = 0; i < SPINS && Atomics.load(words, INSIDE) !== 0; i++);
    if (Atomics.load(words, INSIDE) !== 0) this.#wait(name);
    if (Atomics.load(words, FAULT) !== 0) this.#fail(`a helper thread of wasm failed in ${name}`);
  }

  /** Sleeps until no helper is inside. */
  #wait(name: string): void {
    const words = this.#words;
    Atomics.store(words, WAITING, 1);
    let left = this.#patience;
    for (let inside; (inside = Atomics.load(words, INSIDE)) !== 0;) {
      if (left <= 0) this.#fail(`a helper thread of wasm gave no sign for ${this.#patience} ms in ${name}`);
      const nap = Math.min(NAP, left);
      if (Atomics.wait(words, INSIDE, inside, nap) === 'timed-out') left -= nap;
    }
    Atomics.store(words, WAITING, 0);
  }

  #fail(message: string): never {
    this.#broken = new ScopeError('INTERNAL', message);
    throw this.#broken;
  }

  #left(worker: Worker): void {
    const missed = this.#helpers.includes(worker);
    this.#helpers = this.#helpers.filter((helper) => helper !== worker);
    if (this.#serving && missed)
      this.#broken ??= new ScopeError('INTERNAL', 'a helper thread of wasm ended by itself');
  }

  /** Ends the helpers; what is asked for afterwards, the main thread does alone. */
  async end(): Promise<void> {
    const helpers = this.#helpers;
    this.#helpers = [];
    await Promise.all(helpers.map((worker) => worker.terminate()));
  }
}

/** Whether a helper says that it is ready; it may err or end instead. */
async function hasStarted(worker: Worker): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), START);
    const done = (started: boolean): void => {
      clearTimeout(timer);
      resolve(started);
    };
    worker.once('message', () => done(true));
    worker.once('exit', () => done(false));
  });
}
