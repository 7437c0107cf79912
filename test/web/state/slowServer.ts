/** A server whose replies a test computes when it likes, and delivers in any order later. */
export class SlowServer {
  readonly #waiting: { path: string; resolve: (response: Response) => void }[] = [];
  /** What is at each path now. */
  state: Record<string, unknown>;
  /** Requests so far. */
  asked = 0;

  constructor(state: Record<string, unknown>) {
    this.state = state;
  }

  /** Stands in for `fetch`. */
  readonly fetch = (path: string): Promise<Response> => {
    this.asked += 1;
    return new Promise((resolve) => this.#waiting.push({ path, resolve }));
  };

  /** Computes the replies to all that has been asked; the returned function delivers them and waits until they have been
   * taken in. */
  compute(): () => Promise<void> {
    const replies = this.#waiting
      .splice(0)
      .map(({ path, resolve }) => ({ resolve, reply: Response.json(this.state[path]) }));
    if (replies.length === 0) throw new Error('nothing has been asked');
    return async () => {
      for (const { resolve, reply } of replies) resolve(reply);
      await new Promise((resolve) => setTimeout(resolve));
    };
  }
}
