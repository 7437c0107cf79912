/** Who listens to what. `E` maps an event's name to the arguments of its listeners. */
export class Listeners<E extends Record<string, unknown[]>> {
  #byEvent: { [K in keyof E]?: Set<(...args: E[K]) => void> } = {};

  /** Listens until the returned function is called. */
  add<K extends keyof E>(event: K, listener: (...args: E[K]) => void): () => void {
    const listeners: Set<(...args: E[K]) => void> = (this.#byEvent[event] ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Tells everyone; false if nobody listens. */
  tell<K extends keyof E>(event: K, ...args: E[K]): boolean {
    const listeners = [...(this.#byEvent[event] ?? [])];
    for (const listener of listeners) listener(...args);
    return listeners.length > 0;
  }
}
