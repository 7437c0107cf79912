/** The course of a training: epochs, what follows each, the merge, the end. */
import type { RunConfig, RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { encodeFrame } from '../../shared/frame.ts';
import type { StepMetrics } from '../../shared/protocol.ts';
import { lambdaOfStep, learningRateAt, mergeEpoch } from '../../shared/schedule.ts';
import type { Dataset } from '../datasets/dataset.ts';
import { ops } from '../nn/ops.ts';
import { Boundary } from './boundary.ts';
import { LiveBudget } from './budget.ts';
import type { TrainerControl, Watch } from './control.ts';
import { evaluate, joinEvaluations, type Evaluation } from './evaluate.ts';
import { diverged } from './failure.ts';
import { EpochMeans } from './means.ts';
import type { TrainerEvent } from './messages.ts';
import { Pace } from './pace.ts';
import { Readings, unreadSteps } from './readings.ts';
import type { When } from './recorder.ts';
import type { Session } from './session.ts';

export interface TrainOptions {
  config: RunConfig;
  dataset: Dataset;
  rung: RungId;
  /** Device and version of the engine, for people. */
  engine: string;
  control: TrainerControl;
  /** Bytes of a checkpoint to go on from, or null. */
  resume: Uint8Array | null;
  /** Bytes of a weights file to start from, where there is no checkpoint. */
  weights?: Uint8Array | null;
  /** What live frames may cost; by default a share of the time trained. */
  budget?: LiveBudget;
}

/** Seconds between two reports of steps, as often as a person can read them: between two events, where one may wait for a
 * live frame to go along with, and with such a frame. An epoch's last one goes along with its metrics. */
const STEP_INTERVALS = { event: 0.2, watched: 0.3, frame: 0.1 };

interface StepTag {
  epoch: number;
  step: number;
  images: number;
  lambda: number;
  learningRate: number;
}

export class Training {
  readonly #options: TrainOptions;
  readonly #session: Session;
  readonly #pace: Pace;
  readonly #boundary: Boundary;
  #reported = 0;
  /** The latest step whose results are read, while it is not reported. */
  #latest: StepTag | null = null;
  #learningRate = 0;
  /** The checkpoint of the last epoch while nobody has it. */
  #unsaved: (TrainerEvent & { type: 'checkpoint' }) | null = null;

  constructor(options: TrainOptions, session: Session) {
    this.#options = options;
    this.#session = session;
    this.#pace = new Pace({
      epochs: options.config.training.epochs,
      stepsPerEpoch: session.batches.stepsPerEpoch,
    });
    this.#boundary = new Boundary({
      control: options.control,
      pace: this.#pace,
      budget: options.budget ?? new LiveBudget({ shared: ops().inPlace }),
      frame: (watch, when) => this.#frame(watch, when),
      lag: ops().readsWait ? unreadSteps() : 0,
      step: () => this.#report(STEP_INTERVALS.frame),
    });
  }

  async *run(): AsyncGenerator<TrainerEvent> {
    const { config, resume } = this.#options;
    const session = this.#session;
    yield this.#ready();
    if (!resume && !this.#stopped) yield* this.#closeEpoch(null);
    while (!this.#stopped) {
      if (session.epoch === mergeEpoch(config.training) && !session.net.merged) yield* this.#merge();
      if (session.epoch === config.training.epochs) {
        yield { type: 'end', reason: 'finished' };
        return;
      }
      yield* this.#trainEpoch();
    }
    yield* this.unsaved();
    yield { type: 'end', reason: 'stopped' };
  }

  get #stopped(): boolean {
    return this.#options.control.stopped;
  }

  /** The last checkpoint, where it was not due: wanted after all when the training ends early. */
  *unsaved(): Generator<TrainerEvent> {
    if (this.#unsaved) yield this.#unsaved;
    this.#unsaved = null;
  }

  #ready(): TrainerEvent {
    const { dataset, rung, engine } = this.#options;
    return {
      type: 'ready',
      backend: rung,
      engine,
      parameters: this.#session.parameters,
      classes: [...dataset.shape.classes],
      probes: this.#session.probes.infos,
      probeImages: this.#session.probes.images,
      trainImages: dataset.train.labels.length,
      testImages: dataset.test.labels.length,
    };
  }

  /** All steps of one epoch and what follows them; ends early when asked to stop. */
  async *#trainEpoch(): AsyncGenerator<TrainerEvent> {
    const session = this.#session;
    const { net, batches } = session;
    const { control } = this.#options;
    const { training } = this.#options.config;
    const epoch = session.epoch + 1;
    const { stepsPerEpoch } = batches;
    const readings = new Readings<StepTag>();
    const means = new EpochMeans();
    this.#pace.startEpoch(epoch);
    batches.startEpoch();
    try {
      for (let step = 0; step < stepsPerEpoch; step++) {
        yield* this.#boundary.attend();
        if (this.#stopped) {
          await readings.take(0);
          return;
        }
        if (!net.merged) net.lambda = lambdaOfStep(training, epoch, step, stepsPerEpoch);
        const learningRate = (this.#learningRate = learningRateAt(training, epoch, step, stepsPerEpoch));
        const batch = batches.next();
        const stats = session.train(batch, learningRate);
        session.step = step + 1;
        readings.add({ epoch, step: step + 1, images: batch.count, lambda: net.lambda, learningRate }, stats);
        yield* this.#boundary.follow();
        const read = await readings.take(step === stepsPerEpoch - 1 ? 0 : unreadSteps());
        this.#boundary.stepDone();
        this.#pace.step(batch.count);
        for (const { tag, values } of read) this.#count(means, tag, values);
        this.#latest = read.at(-1)?.tag ?? this.#latest;
        const metrics = this.#report(STEP_INTERVALS[control.watched ? 'watched' : 'event']);
        if (metrics) yield { type: 'step', metrics };
      }
    } finally {
      readings.dispose();
    }
    session.epoch = epoch;
    session.step = 0;
    yield* this.#closeEpoch(means);
  }

  #count(means: EpochMeans, tag: StepTag, values: Float32Array): void {
    const session = this.#session;
    const [loss, correct] = values as unknown as [number, number];
    if (!Number.isFinite(loss)) throw this.#diverged(`the training loss is ${loss}`, tag.step);
    means.add(loss, correct, tag.images);
    session.loss = loss;
    session.accuracy = correct / tag.images;
  }

  /** The latest step, unless it is reported or something was within so many seconds. */
  #report(interval: number): StepMetrics | undefined {
    const now = performance.now() / 1000;
    if (!this.#latest || now - this.#reported < interval) return undefined;
    const { epoch, step, lambda, learningRate } = this.#latest;
    const { batches, loss, accuracy } = this.#session;
    this.#latest = null;
    this.#reported = now;
    return {
      epoch,
      step,
      stepsPerEpoch: batches.stepsPerEpoch,
      loss: loss!,
      accuracy: accuracy!,
      lambda,
      learningRate,
      imagesPerSecond: this.#pace.imagesPerSecond,
      secondsLeft: this.#pace.secondsLeft(step),
    };
  }

  /** Snapshot, evaluation and checkpoint after an epoch's steps, the maps first because people wait for them; `means`
   * is null before the first step. */
  async *#closeEpoch(means: EpochMeans | null): AsyncGenerator<TrainerEvent> {
    const { training, recording } = this.#options.config;
    const { epoch, net } = this.#session;
    const imagesPerSecond = means && this.#pace.imagesPerSecond;
    const last = epoch === training.epochs;
    const due = epoch % recording.every === 0 || last || epoch === mergeEpoch(training);
    const measured = due ? yield* this.#snapshot(String(epoch)) : null;
    const test = yield* this.#evaluate(measured);
    const step = this.#report(0);
    yield {
      type: 'epoch',
      metrics: {
        epoch,
        lambda: net.lambda,
        learningRate: this.#learningRate,
        trainLoss: means && means.loss,
        trainAccuracy: means && means.accuracy,
        testLoss: test.loss,
        testAccuracy: test.accuracy,
        merged: net.merged,
        seconds: this.#pace.seconds,
        imagesPerSecond,
      },
      ...(step && { step }),
    };
    yield* this.#checkpoint(String(epoch), epoch % recording.checkpointEvery === 0 || last);
    this.#pace.endEpoch();
  }

  /** Over the whole test split; what measuring has evaluated already isn't taken through the network again. */
  async *#evaluate(measured: Evaluation | null): AsyncGenerator<TrainerEvent, Evaluation> {
    const { net, dataset, normalisation, unmeasured } = this.#session;
    const { batchSize } = this.#options.config.training;
    const places = measured ? unmeasured : undefined;
    const rest = yield* this.#attentively(evaluate(net, dataset.test, normalisation, batchSize, places));
    const test = measured ? joinEvaluations(measured, rest) : rest;
    if (!Number.isFinite(test.loss)) throw this.#diverged(`the test loss is ${test.loss}`);
    return test;
  }

  /** Does work that yields now and then, and attends to other things each time it does. */
  async *#attentively<T>(work: AsyncGenerator<void, T>): AsyncGenerator<TrainerEvent, T> {
    for (;;) {
      const next = await work.next().catch((error: unknown) => {
        throw this.#explained(error);
      });
      if (next.done) return next.value;
      yield* this.#boundary.glance();
    }
  }

  /** The maps first, because people wait for them, then what is measured of them. */
  async *#snapshot(id: string): AsyncGenerator<TrainerEvent, Evaluation> {
    const { epoch, lambda, merged } = this.#session.moment;
    const bytes = await this.#frame();
    yield { type: 'snapshot', id, epoch, lambda, merged, bytes, weights: await this.#session.weights() };
    const { grams, evaluation, ...measured } = yield* this.#attentively(this.#session.measure());
    yield { type: 'measures', measures: { snapshot: id, epoch, lambda, merged, ...measured }, grams };
    return evaluation;
  }

  async *#checkpoint(id: string, due: boolean): AsyncGenerator<TrainerEvent> {
    const { epoch } = this.#session;
    this.#unsaved = { type: 'checkpoint', id, epoch, bytes: await this.#session.checkpoint() };
    if (due) yield* this.unsaved();
  }

  async *#merge(): AsyncGenerator<TrainerEvent> {
    const { epoch } = this.#session;
    yield { type: 'merged', epoch, ...(await this.#session.merge()) };
    yield* this.#snapshot(`${epoch}m`);
    yield* this.#checkpoint(`${epoch}m`, true);
  }

  async #frame(watch?: Watch, when?: When): Promise<Uint8Array> {
    for (const image of this.#options.control.takeOwn()) this.#session.setOwn(image);
    try {
      return encodeFrame(await this.#session.record(watch, when));
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** An activation that is not finite is told as the divergence that it is a sign of. */
  #explained(error: unknown): unknown {
    return error instanceof ScopeError && error.code === 'NON_FINITE'
      ? this.#diverged(error.message, this.#session.step, error)
      : error;
  }

  /** `step` of the epoch under way; 0 means that the epoch is complete. */
  #diverged(what: string, step = this.#session.step, cause?: unknown): ScopeError {
    const { epoch, batches, config } = this.#session;
    const where =
      step > 0 ? { epoch: epoch + 1, step } : { epoch, step: epoch > 0 ? batches.stepsPerEpoch : 0 };
    return diverged(what, { ...where, learningRate: config.training.learningRate }, cause);
  }
}
