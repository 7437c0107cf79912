/** Packs frames on a thread of its own, so that the process that serves goes on serving. */
import { Worker } from 'node:worker_threads';
import { ScopeError } from '../../../shared/errors.ts';
import type { PackAnswer, PackTask } from './thread.ts';

interface Waiting {
  resolve(packed: Uint8Array): void;
  reject(error: Error): void;
}

/** One thread and what it has been given. */
class Packer {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  /** `onEnd` is told when the thread takes no more. */
  constructor(onEnd: () => void) {
    this.#worker = new Worker(new URL('./thread.mjs', import.meta.url), { execArgv: [] });
    this.#worker.on('message', (answer: PackAnswer) => this.#take(answer));
    const end = (why: string): void => {
      onEnd();
      for (const { reject } of this.#waiting.values()) reject(failed(why));
      this.#waiting.clear();
    };
    this.#worker.on('error', (error) => end(error.message));
    this.#worker.on('exit', (code) => end(`its thread ended with code ${code}`));
  }

  pack(frame: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const task: PackTask = { id: ++this.#last, frame };
      this.#waiting.set(task.id, { resolve, reject });
      this.#worker.ref(); // the process stays until what was handed over is packed
      this.#worker.postMessage(task);
    });
  }

  #take(answer: PackAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('packed' in answer) waiting?.resolve(answer.packed);
    else waiting?.reject(failed(answer.failure));
  }
}

const failed = (why: string): ScopeError =>
  new ScopeError('INTERNAL', `a snapshot could not be packed: ${why}`);

let packer: Packer | null = null;

/** Packs an encoded frame (shared/frame.ts) for the disk (format.ts). The thread starts with the first one. */
export function pack(frame: Uint8Array): Promise<Uint8Array> {
  packer ??= new Packer(() => (packer = null));
  return packer.pack(frame);
}
