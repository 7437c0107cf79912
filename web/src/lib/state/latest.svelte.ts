import type { ApiError } from './api.ts';

/** The answer to the latest of several questions; the one before stays on show until it has come. */
export class Latest<T> {
  value = $state.raw<T | null>(null);
  /** The question that `value` answers. */
  key = $state.raw<string | null>(null);
  error = $state.raw<ApiError | null>(null);
  #asked: string | null = null;
  #running: AbortController | null = null;

  /** Asks anew where the key is another than before; null asks nothing and shows nothing. */
  ask(key: string | null, read: (signal: AbortSignal) => Promise<T>): void {
    if (key === this.#asked) return;
    this.#asked = key;
    this.#running?.abort();
    if (key === null) {
      this.value = this.key = this.error = null;
      return;
    }
    void this.#read(key, read);
  }

  async #read(key: string, read: (signal: AbortSignal) => Promise<T>): Promise<void> {
    const running = (this.#running = new AbortController());
    try {
      const value = await read(running.signal);
      if (this.#asked !== key) return;
      this.value = value;
      this.key = key;
      this.error = null;
    } catch (error) {
      if (running.signal.aborted || this.#asked !== key) return;
      this.value = this.key = null;
      this.error = error as ApiError;
    }
  }

  close(): void {
    this.ask(null, () => Promise.reject(new Error('closed')));
  }
}
