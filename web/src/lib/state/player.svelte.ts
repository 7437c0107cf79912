/** Plays through the snapshots, one a beat, as a film of the training. */
export class Player {
  playing = $state(false);
  #timer: ReturnType<typeof setInterval> | undefined;
  #advance: () => boolean;
  #beat: number;

  /** `advance` goes one snapshot on, or waits where it is; false ends the film. `beat` is in milliseconds. */
  constructor(advance: () => boolean, beat = 400) {
    this.#advance = advance;
    this.#beat = beat;
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
