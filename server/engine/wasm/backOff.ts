/** When to do without helpers: where every core is taken by other programs, a helper that has a part of a task may not
 * run for milliseconds, task after task, and two threads are slower than one. */

/** Milliseconds that helpers may keep a task waiting, or as long as it took the main thread, before they are taken for
 * held up; the main thread then does the next task alone, and twice as many each time that they are again. Once is
 * soon forgiven: whoever has been waited for is back. */
const LATE = 1;
const MOST_ALONE = 64;

export class BackOff {
  /** Tasks that the main thread still does alone, and how many it did the last time. */
  #alone = 0;
  #penalty = 0;

  /** Whether the next task is the main thread's alone; counts it. */
  takeAlone(): boolean {
    if (this.#alone === 0) return false;
    this.#alone--;
    return true;
  }

  /** A shared task is done: the main thread worked and then waited so many milliseconds. */
  judge(worked: number, waited: number): void {
    if (waited < Math.max(LATE, worked)) this.#penalty = Math.max(0, this.#penalty - 1);
    else this.#alone = this.#penalty = Math.min(MOST_ALONE, Math.max(1, 2 * this.#penalty));
  }
}
