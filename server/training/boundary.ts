/** What a training does between two steps: lets commands arrive, answers pulls, and waits while paused. */
import { setImmediate } from 'node:timers/promises';
import type { TrainerControl, Watch } from './control.ts';
import type { TrainerEvent } from './messages.ts';
import type { Pace } from './pace.ts';

export class Boundary {
  readonly #control: TrainerControl;
  readonly #pace: Pace;
  readonly #frame: (watch: Watch) => Promise<Uint8Array>;

  /** `frame` gives the encoded frame of what is watched. */
  constructor(control: TrainerControl, pace: Pace, frame: (watch: Watch) => Promise<Uint8Array>) {
    this.#control = control;
    this.#pace = pace;
    this.#frame = frame;
  }

  /** Between two steps: the place to pause. */
  async *attend(): AsyncGenerator<TrainerEvent> {
    yield* this.glance();
    if (!this.#waits) return;
    this.#pace.pause();
    yield { type: 'paused' };
    while (this.#waits) {
      // The look at the control and the wait for its change are one turn: no command is slept over.
      const watch = this.#control.takePull();
      if (watch) yield await this.#answer(watch);
      else await this.#control.change();
    }
    this.#pace.resume();
    if (!this.#control.stopped) yield { type: 'resumed' };
  }

  /** Lets commands arrive and answers a pull, if there is one; a pause comes later. */
  async *glance(): AsyncGenerator<TrainerEvent> {
    await setImmediate();
    const watch = this.#control.takePull();
    if (watch) yield await this.#answer(watch);
  }

  get #waits(): boolean {
    return this.#control.paused && !this.#control.stopped;
  }

  async #answer(watch: Watch): Promise<TrainerEvent> {
    return { type: 'live', bytes: await this.#frame(watch) };
  }
}
