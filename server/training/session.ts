/** Everything a training holds: network, optimizer, data, probes, and where it stands. */
import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import type { Frame, FrameMoment } from '../../shared/frame.ts';
import type { MergeReport } from '../../shared/protocol.ts';
import { checkSchedule } from '../../shared/schedule.ts';
import { BatchSource, normalisation, toInput, type Batch, type Normalisation } from '../datasets/batches.ts';
import type { Dataset } from '../datasets/dataset.ts';
import { mergeReport } from '../nn/mergeReport.ts';
import { VanillaNet } from '../nn/vanillanet.ts';
import { importWeights, readWeights } from '../nn/weights.ts';
import { weightsMetadata } from '../nn/weightsFile.ts';
import { Random } from '../random.ts';
import { checkSameRun, decodeCheckpoint, encodeCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { OwnImage, Watch } from './control.ts';
import { Measurer, type Measured } from './measurer.ts';
import type { TrainerEvent } from './messages.ts';
import { Optimizer } from './optimizer.ts';
import { chooseProbes, type Probes } from './probes.ts';
import { TapRecorder, type When } from './recorder.ts';
import { TrainStep } from './step.ts';
import { encodeMoment, loadWeights } from './weights.ts';

/** What a merge did, as the `merged` event tells it. */
export type MergeOutcome = Required<Omit<TrainerEvent & { type: 'merged' }, 'type' | 'epoch'>>;

export class Session {
  readonly config: RunConfig;
  readonly dataset: Dataset;
  readonly net: VanillaNet;
  readonly batches: BatchSource;
  readonly normalisation: Normalisation;
  readonly probes: Probes;
  readonly #recorder: TapRecorder;
  readonly #measurer: Measurer;
  /** The probes as the network sees them, float32 [P, H, W, C]. */
  readonly #inputs: Float32Array;
  #optimizer: Optimizer;
  #step: TrainStep;
  /** Epochs completed, and steps done of the epoch under way. */
  epoch = 0;
  step = 0;
  /** Last training loss (nats) and accuracy (0 to 1) read; null before the first. */
  loss: number | null = null;
  accuracy: number | null = null;

  /** `resume` are the bytes of a checkpoint to go on from, `weights` those of a weights file to start from. Throws
   * INVALID_CONFIG, INVALID_DATA, INVALID_WEIGHTS or, for a checkpoint of another run, CONFLICT. */
  constructor(
    config: RunConfig,
    dataset: Dataset,
    resume: Uint8Array | null,
    weights: Uint8Array | null = null,
  ) {
    const checkpoint = resume && decodeCheckpoint(resume);
    if (checkpoint) checkSameRun(checkpoint.config, config);
    checkSchedule(config.training);
    const { seed, data, training, recording, network } = config;
    this.config = config;
    this.dataset = dataset;
    this.normalisation = normalisation(dataset.train, network.inputChannels);
    this.batches = new BatchSource(dataset.train, dataset.shape, {
      batchSize: training.batchSize,
      flip: data.flip,
      crop: data.crop,
      normalisation: this.normalisation,
      random: Random.seeded(seed, 'batches'),
    });
    this.probes = chooseProbes(dataset, recording.probesPerClass, data.seed ?? seed);
    this.#inputs = toInput(this.probes.images, this.normalisation);
    this.#recorder = new TapRecorder(this.#inputs, this.probes.infos.length, recording.precision);
    this.#measurer = new Measurer(dataset, this.normalisation, data.seed ?? seed);
    this.net = new VanillaNet(network, checkpoint || weights ? null : Random.seeded(seed, 'weights'));
    try {
      if (checkpoint) this.#load(checkpoint);
      else if (weights) loadWeights(this.net, weights);
    } catch (error) {
      this.net.dispose();
      throw error;
    }
    this.#optimizer = new Optimizer(training.optimizer, this.net.trained);
    this.#step = this.#newStep();
    if (checkpoint) this.#optimizer.restore(checkpoint.optimizer);
  }

  #newStep(): TrainStep {
    return new TrainStep(this.net, this.#optimizer, this.config.training.labelSmoothing);
  }

  /** See TrainStep. */
  train(batch: Batch, learningRate: number): tf.Tensor1D {
    return this.#step.run(batch, learningRate);
  }

  /** Number of learned values. */
  get parameters(): number {
    return [...this.net.parameters.values()].reduce((sum, variable) => sum + variable.size, 0);
  }

  /** Now, as frames tell it. */
  get moment(): FrameMoment {
    const { stepsPerEpoch } = this.batches;
    return {
      epoch: this.epoch + this.step / stepsPerEpoch,
      step: this.epoch * stepsPerEpoch + this.step,
      lambda: this.net.lambda,
      merged: this.net.merged,
      loss: this.loss,
      accuracy: this.accuracy,
    };
  }

  /** Records what is watched, by default everything. Throws NON_FINITE naming the tap. */
  record(watch?: Watch, when?: When): Promise<Frame> {
    return this.#recorder.record(this.net, this.moment, watch, when);
  }

  /** Places of the test images that are not measured. */
  get unmeasured(): readonly number[] {
    return this.#measurer.others;
  }

  /** Measures every block's maps on test images; yields whenever the caller can attend to other things. Throws
   * NON_FINITE naming the tap. */
  measure(): AsyncGenerator<void, Measured> {
    return this.#measurer.measure(this.net);
  }

  /** An image that is recorded where a watch names it. */
  setOwn({ index, pixels }: OwnImage): void {
    this.#recorder.setOwn(index, pixels && toInput(pixels, this.normalisation));
  }

  /** Merges every pair and starts the optimizer afresh: the merged parameters are others than those it followed.
   * Throws LAMBDA_NOT_ZERO while λ > 0. */
  async merge(): Promise<MergeOutcome> {
    const report = await this.#mergeReport();
    const parametersBefore = this.parameters;
    const before = await this.#logits();
    this.#step.dispose();
    this.net.merge();
    this.#optimizer.dispose();
    this.#optimizer = new Optimizer(this.config.training.optimizer, this.net.trained);
    this.#step = this.#newStep();
    const after = await this.#logits();
    const maxLogitDifference = before.reduce((most, v, i) => Math.max(most, Math.abs(v - after[i]!)), 0);
    return { parametersBefore, parametersAfter: this.parameters, maxLogitDifference, report };
  }

  async #mergeReport(): Promise<MergeReport> {
    const { inputSize, inputChannels } = this.config.network;
    const shape: [number, number, number, number] = [
      this.probes.infos.length,
      inputSize,
      inputSize,
      inputChannels,
    ];
    const probes = tf.tensor4d(this.#inputs, shape);
    try {
      return await mergeReport(this.net, probes);
    } finally {
      probes.dispose();
    }
  }

  async #logits(): Promise<Float32Array> {
    const frame = await this.record({ taps: ['logits'], probes: null });
    return frame.taps[0]!.values as Float32Array;
  }

  /** The network as it is, as the bytes of a weights file. */
  weights(): Promise<Uint8Array> {
    const { config, epoch, normalisation } = this;
    return encodeMoment(this.net, { config, epoch, normalisation });
  }

  /** The state between two epochs as the bytes of a file. */
  async checkpoint(): Promise<Uint8Array> {
    if (this.step !== 0) throw new ScopeError('INTERNAL', 'a checkpoint is taken between two epochs only');
    const checkpoint: Checkpoint = {
      config: this.config,
      progress: {
        epoch: this.epoch,
        lambda: this.net.lambda,
        merged: this.net.merged,
        loss: this.loss,
        accuracy: this.accuracy,
        batches: this.batches.state,
      },
      optimizer: await this.#optimizer.state(),
      weights: await readWeights(this.net),
    };
    return encodeCheckpoint(checkpoint, weightsMetadata(this.config.network));
  }

  #load({ progress, weights }: Checkpoint): void {
    this.net.lambda = progress.lambda;
    if (progress.merged) this.net.merge();
    importWeights(this.net, weights);
    this.batches.state = progress.batches;
    this.epoch = progress.epoch;
    this.loss = progress.loss;
    this.accuracy = progress.accuracy;
  }

  dispose(): void {
    this.#recorder.dispose();
    this.#step.dispose();
    this.#optimizer.dispose();
    this.net.dispose();
  }
}
