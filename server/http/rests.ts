/** A piece of work is taken to last as long as the shortest of the latest so many: where other programs take the
 * processor away in the middle of one, the next need not be late for that. */
const COMPARED = 3;

/** Work that is held to a share of the time: the longer a piece of it takes, the longer the rest after it. */
export class Rests {
  readonly #share: number;
  /** Milliseconds of the latest pieces. */
  #latest: number[] = [];
  #until = 0;

  /** `share` of the time, above 0 and below 1. */
  constructor(share: number) {
    this.#share = share;
  }

  /** When the rest ends, in milliseconds of performance.now(). */
  get until(): number {
    return this.#until;
  }

  /** Does a piece of work, which is over when `action` returns. The first ones, at which a program is slow, are followed
   * by no rest. */
  work<Result>(action: () => Result): Result {
    const begun = performance.now();
    const result = action();
    const end = performance.now();
    this.#latest = [end - begun, ...this.#latest].slice(0, COMPARED);
    if (this.#latest.length === COMPARED) this.#until = end + Math.min(...this.#latest) / this.#share;
    return result;
  }
}
