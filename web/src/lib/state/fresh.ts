/** Keeps what is read over REST in step with events that come while a reply is on its way: the reply may be older than
 * they are. */
export class Fresh {
  /** What has come since each reply that is on its way was asked for. */
  readonly #underway = new Map<number, (() => void)[]>();
  #asked = 0;
  #taken = 0;

  /** Takes an event in, and once more on top of every reply that was asked for before it. `take` puts something in its
   * place, so that twice is as good as once; a reply newer than the event is followed by the event that made it so. */
  event(take: () => void): void {
    for (const events of this.#underway.values()) events.push(take);
    take();
  }

  /** Asks, and takes the reply in, unless one that was asked for later is in already. Rejects as `ask` does. */
  async read<T>(ask: () => Promise<T>, take: (reply: T) => void): Promise<void> {
    const number = ++this.#asked;
    const events: (() => void)[] = [];
    this.#underway.set(number, events);
    try {
      const reply = await ask();
      if (number < this.#taken) return;
      this.#taken = number;
      take(reply);
    } catch (error) {
      if (number > this.#taken) throw error;
      return;
    } finally {
      this.#underway.delete(number);
    }
    for (const again of events) again();
  }
}
