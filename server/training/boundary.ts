/** What a training does between two steps: lets commands arrive, answers pulls, and waits while paused. */
import { setImmediate } from 'node:timers/promises';
import type { LiveBudget } from './budget.ts';
import type { TrainerControl, Watch } from './control.ts';
import type { TrainerEvent } from './messages.ts';
import type { Pace } from './pace.ts';

export interface BoundaryOptions {
  control: TrainerControl;
  pace: Pace;
  budget: LiveBudget;
  /** The encoded frame of what is watched, whose values are asked for once `asked` resolves. */
  frame: (watch: Watch, asked?: Promise<void>) => Promise<Uint8Array>;
}

/** A live frame on its way. */
interface Answer {
  outcome: { event: TrainerEvent } | { error: unknown } | null;
  /** Whether it is the first of its watch. */
  fresh: boolean;
  /** Asks for its values, where that is still to be done. */
  ask: (() => void) | null;
  /** Resolves once there is an outcome. */
  done: Promise<void>;
}

export class Boundary {
  readonly #options: BoundaryOptions;
  #answer: Answer | null = null;

  constructor(options: BoundaryOptions) {
    this.#options = options;
  }

  /** Between two steps: the place to pause. A person waits for the first frame of a view, others follow a step. */
  async *attend(): AsyncGenerator<TrainerEvent> {
    yield* this.#look(() => this.#options.control.fresh);
    if (!this.#waits) return;
    const { control, pace, budget } = this.#options;
    pace.pause();
    budget.pause();
    yield { type: 'paused' };
    while (this.#waits) {
      // The look at the control and the wait for its change are one turn: no command is slept over.
      if (control.pulled) this.#answer ??= this.#begin();
      if (this.#answer) {
        await this.#answer.done;
        yield* this.#deliver();
      } else await control.change();
    }
    pace.resume();
    budget.resume();
    if (!control.stopped) yield { type: 'resumed' };
  }

  /** Amid other work: lets commands arrive and answers a pull where the budget allows it; a pause comes later. */
  glance(): AsyncGenerator<TrainerEvent> {
    return this.#look(() => true);
  }

  /** A step has been issued: a frame that is due is prepared while the device computes the step, and asked for at the next
   * boundary. */
  follow(): void {
    if (!this.#due) return;
    const { budget } = this.#options;
    budget.begin();
    this.#answer = this.#begin(true);
    budget.end();
  }

  /** The step's results are there. */
  stepDone(): void {
    if (this.#answer?.ask) this.#options.budget.stepDone();
  }

  async *#look(mayBegin: () => boolean): AsyncGenerator<TrainerEvent> {
    await setImmediate();
    const { budget } = this.#options;
    if (this.#answer?.ask || (this.#due && mayBegin())) {
      budget.begin();
      if (this.#answer) this.#ask(this.#answer);
      else this.#answer = this.#begin();
      // By then it is there where memory is the processor's own. A GPU computes it while the next steps are prepared.
      await setImmediate();
      budget.end();
    }
    yield* this.#deliver();
  }

  /** Whether a frame is asked for that may be computed now. */
  get #due(): boolean {
    const { control, budget } = this.#options;
    return control.pulled && !this.#answer && budget.allows(control.fresh);
  }

  get #waits(): boolean {
    const { paused, stopped } = this.#options.control;
    return paused && !stopped;
  }

  /** `follows` says that its values are asked for later. */
  #begin(follows = false): Answer {
    const { control } = this.#options;
    const { fresh } = control;
    const watch = control.takePull()!;
    const answer: Answer = { outcome: null, fresh, ask: null, done: Promise.resolve() };
    const asked = follows ? new Promise<void>((resolve) => (answer.ask = resolve)) : undefined;
    answer.done = this.#options.frame(watch, asked).then(
      (bytes) => void (answer.outcome = { event: { type: 'live', bytes, watch } }),
      (error: unknown) => void (answer.outcome = { error }),
    );
    return answer;
  }

  #ask(answer: Answer): void {
    answer.ask?.();
    answer.ask = null;
  }

  /** Hands over the frame that has been computed, if there is one; sending it is part of its cost. */
  *#deliver(): Generator<TrainerEvent> {
    if (!this.#answer?.outcome) return;
    const { outcome, fresh } = this.#answer;
    this.#answer = null;
    if ('error' in outcome) throw outcome.error;
    const { budget } = this.#options;
    budget.begin();
    yield outcome.event;
    budget.end();
    budget.charge(fresh);
  }
}
