/** Which frames a viewer is asked to acknowledge. With server and viewer on the machine that trains, a message back takes
 * about as much processor time as the frame did on its way there, so that one who keeps up is asked seldom. */

/** Acknowledgements in a row, each before the next frame was due, by which a viewer is known to keep up. */
const IN_TIME = 2;
/** Frames, and milliseconds, that then pass at most between two that are to be acknowledged: so much is sent in vain to one
 * who stalls. */
const BETWEEN = 3;
const LONGEST_MS = 700;

export class Acknowledgements {
  #inTime = 0;
  #between = 0;
  /** When one was last asked for, ms. */
  #asked = -Infinity;

  /** Whether to ask for one of the frame that is sent at `now`, ms. */
  next(now: number): boolean {
    const keepsUp = this.#inTime >= IN_TIME;
    if (keepsUp && this.#between < BETWEEN && now - this.#asked <= LONGEST_MS) {
      this.#between++;
      return false;
    }
    this.#between = 0;
    this.#asked = now;
    return true;
  }

  /** One has come, before the next frame was due or too late for it. */
  came(inTime: boolean): void {
    this.#inTime = inTime ? this.#inTime + 1 : 0;
  }
}
