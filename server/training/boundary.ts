/** What a training does between two steps: lets commands arrive, answers pulls, and waits while paused. */
import { setImmediate } from 'node:timers/promises';
import type { StepMetrics } from '../../shared/protocol.ts';
import type { LiveBudget } from './budget.ts';
import type { TrainerControl, Watch } from './control.ts';
import type { TrainerEvent } from './messages.ts';
import type { Pace } from './pace.ts';
import type { When } from './recorder.ts';

export interface BoundaryOptions {
  control: TrainerControl;
  pace: Pace;
  budget: LiveBudget;
  /** The encoded frame of what is watched. */
  frame: (watch: Watch, when?: When) => Promise<Uint8Array>;
  /** Steps that are issued behind a frame before its values are asked for, where the device is busy: asking waits there for
   * what is ahead of the frame, which is known to be done so many steps later. 0 where asking waits for nothing. */
  lag?: number;
  /** What is to be told of the latest step along with a frame. */
  step?: () => StepMetrics | undefined;
}

/** A live frame on its way. */
interface Answer {
  watch: Watch;
  outcome: { bytes: Uint8Array } | { error: unknown } | null;
  /** Whether it is the first of its watch. */
  fresh: boolean;
  /** Steps that have been waited for since it was prepared. */
  steps: number;
  /** Asks for its values, and then packs them, where that is still to be done. */
  ask: (() => void) | null;
  pack: (() => void) | null;
  /** Resolves once there is an outcome. */
  done: Promise<void>;
}

export class Boundary {
  readonly #options: BoundaryOptions;
  #answer: Answer | null = null;
  /** The frame that was handed over behind the step under way and is still to be paid for. */
  #unpaid: Answer | null = null;

  constructor(options: BoundaryOptions) {
    this.#options = options;
  }

  /** Between two steps: the place to pause. A person waits for the first frame of a view, others follow a step. */
  async *attend(): AsyncGenerator<TrainerEvent> {
    const { control, pace, budget } = this.#options;
    yield* this.#look(true);
    if (control.stopped) yield* this.#finish();
    if (!this.#waits) return;
    pace.pause();
    budget.pause();
    yield { type: 'paused' };
    while (this.#waits) {
      // The look at the control and the wait for its change are one turn: no command is slept over.
      if (control.pulled) this.#answer ??= this.#begin();
      if (this.#answer) yield* this.#finish();
      else await control.change();
    }
    pace.resume();
    budget.resume();
    if (!control.stopped) yield { type: 'resumed' };
  }

  /** Amid other work: lets commands arrive and answers a pull where the budget allows it; a pause comes later. */
  glance(): AsyncGenerator<TrainerEvent> {
    return this.#look(false);
  }

  /** A step has been issued: while the device computes it, a frame that was read before it is packed and handed over, and
   * one that is due is prepared, to be read at the next boundary. */
  async *follow(): AsyncGenerator<TrainerEvent> {
    const { budget } = this.#options;
    const packs = this.#answer?.pack && !this.#answer.ask;
    if (!packs && !this.#dueBehind) return budget.issued();
    budget.begin();
    if (packs && this.#answer) {
      this.#release(this.#answer);
      await setImmediate();
      const { outcome, watch } = this.#answer;
      if (outcome && 'bytes' in outcome) {
        this.#unpaid = this.#answer;
        this.#answer = null;
        yield this.#event(outcome.bytes, watch);
      }
    }
    if (this.#dueBehind) this.#answer = this.#begin(true);
    budget.endBehind();
  }

  /** The step's results are there. */
  stepDone(): void {
    const { budget } = this.#options;
    budget.stepDone();
    if (this.#answer) this.#answer.steps++;
    if (this.#unpaid) budget.charge(this.#unpaid.fresh);
    this.#unpaid = null;
  }

  /** `stepFollows` unless it is stopped or paused: what can be done behind that step is left to it. */
  async *#look(stepFollows: boolean): AsyncGenerator<TrainerEvent> {
    await setImmediate();
    const { budget, control, lag = 0 } = this.#options;
    const answer = this.#answer;
    const hidden = stepFollows && !control.paused && !control.stopped && budget.hides;
    const lags = hidden && lag > 0;
    if (answer && lags && answer.steps < lag) return;
    if (answer?.ask || answer?.pack || (this.#due && (control.fresh || !stepFollows || lags))) {
      budget.begin();
      if (!answer) {
        this.#answer = this.#begin(lags);
        if (lags) return budget.endBehind();
      } else if (hidden) this.#ask(answer);
      else this.#release(answer);
      // It is there at once where memory is the processor's own. A GPU computes it while the next steps are prepared.
      await Promise.race([this.#answer!.done, setImmediate()]);
      budget.end();
    }
    yield* this.#deliver();
  }

  /** Waits for the frame on its way, if there is one. */
  async *#finish(): AsyncGenerator<TrainerEvent> {
    if (!this.#answer) return;
    this.#release(this.#answer);
    await this.#answer.done;
    yield* this.#deliver();
  }

  /** Whether a frame is asked for that may be computed now. */
  get #due(): boolean {
    const { control, budget } = this.#options;
    return control.pulled && !this.#answer && budget.allows(control.fresh);
  }

  /** Whether it is to be prepared behind a step that has been issued, rather than at a boundary. */
  get #dueBehind(): boolean {
    const { budget, lag = 0 } = this.#options;
    return this.#due && !(lag > 0 && budget.hides);
  }

  get #waits(): boolean {
    const { paused, stopped } = this.#options.control;
    return paused && !stopped;
  }

  /** `behind` says that it is read and packed later. */
  #begin(behind = false): Answer {
    const { control } = this.#options;
    const { fresh } = control;
    const watch = control.takePull()!;
    const answer: Answer = {
      ...{ watch, outcome: null, fresh, steps: 0 },
      ...{ ask: null, pack: null, done: Promise.resolve() },
    };
    const when = behind
      ? {
          read: new Promise<void>((resolve) => (answer.ask = resolve)),
          packed: new Promise<void>((resolve) => (answer.pack = resolve)),
        }
      : undefined;
    answer.done = this.#options.frame(watch, when).then(
      (bytes) => void (answer.outcome = { bytes }),
      (error: unknown) => void (answer.outcome = { error }),
    );
    return answer;
  }

  #ask(answer: Answer): void {
    answer.ask?.();
    answer.ask = null;
  }

  #release(answer: Answer): void {
    this.#ask(answer);
    answer.pack?.();
    answer.pack = null;
  }

  /** Hands over the frame that has been computed, if there is one; sending it is part of its cost. */
  *#deliver(): Generator<TrainerEvent> {
    if (!this.#answer?.outcome) return;
    const { outcome, watch, fresh } = this.#answer;
    this.#answer = null;
    if ('error' in outcome) throw outcome.error;
    const { budget } = this.#options;
    budget.begin();
    yield this.#event(outcome.bytes, watch);
    budget.end();
    budget.charge(fresh);
  }

  #event(bytes: Uint8Array, watch: Watch): TrainerEvent {
    const step = this.#options.step?.();
    return { type: 'live', bytes, watch, ...(step && { step }) };
  }
}
