/** The commands to a training under way: set from outside at any time, read by the trainer at step boundaries. */
import { nextBeat } from './beat.ts';

/** What live frames hold; null taps mean all, null probes all that are recorded. */
export interface Watch {
  taps: readonly string[] | null;
  probes: readonly number[] | null;
}

/** An image beside the probes that came (uint8 [H, W, C], before normalisation) or went (null). */
export interface OwnImage {
  index: number;
  pixels: Uint8Array | null;
}

export class TrainerControl {
  #paused = false;
  #stopped = false;
  #watch: Watch | null = null;
  #pulled = false;
  /** Rings when a pull's time has come; `beat` is that time, in milliseconds of performance.now(), and `every` those to the
   * next, if another is to follow. */
  #timer: NodeJS.Timeout | undefined;
  #beat = 0;
  #every: number | null = null;
  #fresh = false;
  #own: OwnImage[] = [];
  #wake: (() => void)[] = [];

  get paused(): boolean {
    return this.#paused;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  pause(): void {
    this.#paused = true;
    this.#changed();
  }

  resume(): void {
    this.#paused = false;
    this.#changed();
  }

  /** Ends the training at the next step boundary, also from a pause; there is no way back. */
  stop(): void {
    this.#stopped = true;
    this.#changed();
  }

  /** Says what `pull` shall compute; null stops watching and drops a pull that is not answered yet. */
  watch(watch: Watch | null): void {
    this.#watch = watch;
    this.#fresh = true;
    if (!watch) this.hold();
  }

  /** Asks for one live frame after so many milliseconds, and with `every` for another at each beat from then on; any number
   * of pulls before the answer are one, and the last whose time has not come counts. Without a watch it asks for
   * nothing. */
  pull(after = 0, every: number | null = null): void {
    clearTimeout(this.#timer);
    if (!this.#watch) return;
    this.#every = every;
    this.#beat = performance.now() + after;
    if (after > 0) this.#wait(after);
    else this.#ring();
  }

  /** Withdraws what was asked for and is not answered yet, and the beat. */
  hold(): void {
    clearTimeout(this.#timer);
    this.#every = null;
    this.#pulled = false;
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#ring(), ms).unref();
  }

  #ring(): void {
    this.#pulled = true;
    this.#changed();
  }

  get watched(): boolean {
    return this.#watch !== null;
  }

  /** Whether a live frame is asked for. */
  get pulled(): boolean {
    return this.#pulled;
  }

  /** Whether it would be the first since `watch`. */
  get fresh(): boolean {
    return this.#fresh;
  }

  /** What a live frame is asked of, once a pull; null where none is asked for. */
  takePull(): Watch | null {
    if (!this.#pulled) return null;
    this.#pulled = this.#fresh = false;
    if (this.#every !== null) {
      const now = performance.now();
      this.#beat = nextBeat(this.#beat, this.#every, now);
      this.#wait(this.#beat - now);
    }
    return this.#watch;
  }

  own(image: OwnImage): void {
    this.#own.push(image);
  }

  /** The images that have come or gone since the last look, in order. */
  takeOwn(): OwnImage[] {
    return this.#own.splice(0);
  }

  /** Resolves at the next command that a pausing trainer must look at. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #changed(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
