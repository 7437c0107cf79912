/** Runs tasks one after another; a failed one does not hold up the next. */
export class Queue {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Resolves once everything queued so far is done. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
