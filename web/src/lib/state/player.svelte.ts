/** Keeps the beat of a film. */
export class Player {
  playing = $state(false);
  #timer: ReturnType<typeof setInterval> | undefined;
  #advance: () => boolean;
  #beat: number;

  /** `advance` goes one place on, or waits where it is; false ends the film. `beat` is in milliseconds. */
  constructor(advance: () => boolean, beat = 400) {
    this.#advance = advance;
    this.#beat = beat;
  }

  /** Milliseconds from one place to the next; a film that is running goes on at the new pace. */
  set beat(beat: number) {
    if (beat === this.#beat) return;
    this.#beat = beat;
    if (this.playing) this.play();
  }

  play(): void {
    this.pause();
    this.playing = true;
    this.#timer = setInterval(() => {
      if (!this.#advance()) this.pause();
    }, this.#beat);
  }

  pause(): void {
    clearInterval(this.#timer);
    this.playing = false;
  }
}
