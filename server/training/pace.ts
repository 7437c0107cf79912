/** How fast a training goes and how long it will take: the time of steps and that of what comes between epochs
 * (evaluation, snapshot, checkpoint, merge) are measured apart, and pauses count as neither. */

export interface Plan {
  epochs: number;
  stepsPerEpoch: number;
}

export class Pace {
  readonly #plan: Plan;
  readonly #now: () => number;
  /** Clock minus pauses. */
  #paused = 0;
  #pausedSince = 0;
  #epoch = 0;
  /** When the epoch began, when the measured steps began, and when the last step ended. */
  #began: number;
  #measured: number;
  #trained: number;
  #steps = 0;
  #images = 0;
  #secondsPerStep: number | null = null;
  #secondsBetween: number | null = null;

  /** `now` gives seconds. */
  constructor(plan: Plan, now: () => number = () => performance.now() / 1000) {
    this.#plan = plan;
    this.#now = now;
    this.#began = this.#measured = this.#trained = this.#time();
  }

  #time(): number {
    return this.#now() - this.#paused;
  }

  /** The steps of an epoch (from 1) begin. */
  startEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#steps = this.#images = 0;
    this.#began = this.#measured = this.#time();
  }

  /** A step is done. The first of a run, which compiles and allocates, is left out of the measure. */
  step(images: number): void {
    this.#trained = this.#time();
    if (this.#secondsPerStep === null) {
      this.#secondsPerStep = this.#trained - this.#measured;
      this.#measured = this.#trained;
      return;
    }
    this.#steps++;
    this.#images += images;
    this.#secondsPerStep = (this.#trained - this.#measured) / this.#steps;
  }

  pause(): void {
    this.#pausedSince = this.#now();
  }

  resume(): void {
    this.#paused += this.#now() - this.#pausedSince;
  }

  /** What follows an epoch's steps is done too. */
  endEpoch(): void {
    this.#secondsBetween = this.#time() - this.#trained;
  }

  /** Seconds since the epoch's steps began. */
  get seconds(): number {
    return this.#time() - this.#began;
  }

  /** Over the steps of the epoch under way; null before two are done. */
  get imagesPerSecond(): number | null {
    const seconds = this.#trained - this.#measured;
    return this.#steps > 0 && seconds > 0 ? this.#images / seconds : null;
  }

  /** Until the end of the run, after `step` steps of the epoch under way; null before anything is measured. */
  secondsLeft(step: number): number | null {
    if (this.#secondsPerStep === null) return null;
    const { epochs, stepsPerEpoch } = this.#plan;
    const after = epochs - this.#epoch;
    const steps = after * stepsPerEpoch + (stepsPerEpoch - step);
    return steps * this.#secondsPerStep + (after + 1) * (this.#secondsBetween ?? 0);
  }
}
