/** What watching may cost: a token bucket filled by training time and emptied by live frames. */

/** Share of the training time that live frames may take; scatter has the rest of the 2 % that a viewer may cost. */
export const SHARE = 0.018;
/** Seconds that a frame costs where it can't be timed here, on its way through the server to a viewer: the processor time
 * of both, measured where the training has all processors to itself otherwise. */
const WAY = 0.0015;
/** Seconds of frames that may be saved up, so that a cheap view is shown at the pace asked for from the start. */
const SAVED = 0.03;
/** How far the first frame of a new view may be ahead of its payment: seconds, or frames where those take longer. */
const ADVANCE = 0.25;
const ADVANCE_FRAMES = 3;
/** A device that is busy for so long after work behind a step was so meanwhile: seconds. */
const BUSY = 0.001;
/** A frame is charged with the median of so many: where other programs take the processor away in the middle of one,
 * that is not the viewer's doing, and as likely in the middle of a step. */
const COMPARED = 5;

export interface LiveBudgetOptions {
  /** Whether the device is the processors that this process runs on: work behind a step takes them from it then. */
  shared?: boolean;
  /** Seconds. */
  now?: () => number;
}

export class LiveBudget {
  readonly #now: () => number;
  readonly #shared: boolean;
  #credit = SAVED;
  /** When the credit was last brought up to date, and when the work under way began. */
  #counted: number;
  #begun = 0;
  #paused = false;
  /** Seconds of the frame under way, of what was done for frames behind the step under way, and of the latest frames of
   * the same view. */
  #spent = 0;
  #behind = 0;
  #hides = false;
  #latest: number[] = [];

  constructor({ shared = false, now = () => performance.now() / 1000 }: LiveBudgetOptions = {}) {
    this.#now = now;
    this.#shared = shared;
    this.#counted = now();
  }

  /** Whether a frame may be computed now; `fresh` says that it is the first of a new view, which a person waits for. */
  allows(fresh: boolean): boolean {
    if (this.#paused) return true;
    this.#earn();
    return this.#credit > (fresh ? -Math.max(ADVANCE, ADVANCE_FRAMES * this.#usual) : 0);
  }

  /** Work on a frame begins that holds the training up until `end`; a frame may be made in several parts. */
  begin(): void {
    this.#earn();
    this.#begun = this.#now();
  }

  end(): void {
    this.#counted = this.#now();
    this.#spent += this.#counted - this.#begun;
  }

  /** A step has been issued, and nothing is done behind it. */
  issued(): void {
    this.#earn();
  }

  /** In place of `end` where the device may be at a step meanwhile. */
  endBehind(): void {
    this.#counted = this.#now();
    this.#behind = this.#counted - this.#begun;
  }

  /** The step is done that was issued before the latest `issued` or `endBehind`. Where the device had still been at it,
   * what was done behind it held nothing up, unless by taking its processors. */
  stepDone(): void {
    this.#hides = this.#now() - this.#counted > BUSY;
    if (this.#shared || !this.#hides) this.#spent += this.#behind;
    this.#behind = 0;
  }

  /** Whether the device was still at the latest step when all behind it had been done. */
  get hides(): boolean {
    return this.#hides;
  }

  /** The frame is complete and is paid for; one of a pause costs nothing. `fresh` as in `allows`. */
  charge(fresh: boolean): void {
    if (!this.#paused) {
      this.#latest = [this.#spent, ...(fresh ? [] : this.#latest)].slice(0, COMPARED);
      this.#credit -= this.#usual + WAY;
    }
    this.#spent = 0;
  }

  /** Seconds that a frame takes, by the latest; 0 before the first. */
  get #usual(): number {
    const sorted = [...this.#latest].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  }

  /** Nothing is trained until `resume`. */
  pause(): void {
    this.#earn();
    this.#paused = true;
  }

  resume(): void {
    this.#counted = this.#now();
    this.#paused = false;
  }

  #earn(): void {
    if (this.#paused) return;
    const now = this.#now();
    this.#credit = Math.min(SAVED, this.#credit + SHARE * (now - this.#counted));
    this.#counted = now;
  }
}
