/** What the benches train: a preset on random images, and what a watching person asks of it beside. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../../server/datasets/batches.ts';
import { VanillaNet } from '../../server/nn/vanillanet.ts';
import { Random } from '../../server/random.ts';
import type { Watch } from '../../server/training/control.ts';
import { Optimizer } from '../../server/training/optimizer.ts';
import { Readings, unreadSteps } from '../../server/training/readings.ts';
import { TapRecorder } from '../../server/training/recorder.ts';
import { TrainStep } from '../../server/training/step.ts';
import type { NetworkConfig } from '../../shared/config.ts';
import { encodeFrame } from '../../shared/frame.ts';
import { findPreset } from '../../shared/presets.ts';
import { countDispatches, type Dispatches } from './dispatches.ts';
import { profileSteps, type Profile } from './profile.ts';
import type { Timed, WorkloadOptions } from './protocol.ts';

const SIZE = 32;
const CLASSES = 10;
const WARM_STEPS = 4;
const MOMENT = { epoch: 0, step: 0, lambda: 0.5, merged: false, loss: null, accuracy: null };

export class Workload {
  readonly #net: VanillaNet;
  readonly #optimizer: Optimizer;
  readonly #step: TrainStep;
  readonly #batch: Batch;
  readonly #recorder: TapRecorder;

  constructor({ preset, batchSize, width = 1, size = SIZE, probes = CLASSES }: WorkloadOptions) {
    const random = Random.seeded(1, 'bench');
    const { network: base } = findPreset(preset);
    const dims = base.dims.map((dim) => Math.round(dim * width));
    const network = { ...base, dims, inputSize: size, inputChannels: 3, classes: CLASSES };
    this.#net = new VanillaNet(network, random);
    this.#net.lambda = 0.5;
    this.#optimizer = new Optimizer(
      { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 },
      this.#net.trained,
    );
    this.#step = new TrainStep(this.#net, this.#optimizer, 0.1);
    const images = (count: number): Float32Array =>
      Float32Array.from({ length: count * size * size * 3 }, () => random.normal());
    this.#batch = {
      x: images(batchSize),
      labels: Uint16Array.from({ length: batchSize }, () => random.integer(0, CLASSES - 1)),
      count: batchSize,
    };
    this.#recorder = new TapRecorder(images(probes), probes, 'u8');
  }

  /** Number of parameters, to see that both sides train the same network. */
  get parameters(): number {
    return [...this.#net.parameters.values()].reduce((sum, variable) => sum + variable.size, 0);
  }

  async warm(): Promise<void> {
    for (let i = 0; i < WARM_STEPS; i++) await this.#whole();
  }

  /** Whole training steps (upload, forward, backward, optimizer, loss read) for at least `seconds`, two at least. Losses
   * are read as a training does, without making the device wait; at the end none is left. */
  async window(seconds: number): Promise<Timed> {
    const readings = new Readings<null>();
    const begin = performance.now();
    const cpu = process.cpuUsage();
    let steps = 0;
    while (steps < 2 || performance.now() - begin < seconds * 1000) {
      readings.add(null, this.#begin());
      await readings.take(unreadSteps());
      steps++;
    }
    await readings.take(0);
    const { user, system } = process.cpuUsage(cpu);
    return { count: steps, seconds: (performance.now() - begin) / 1000, cpuSeconds: (user + system) / 1e6 };
  }

  /** Leaves a step to the device, or takes it, and gives what is to be read and disposed of. */
  #begin(): tf.Tensor1D {
    return this.#step.run(this.#batch, 1e-4);
  }

  async #whole(): Promise<void> {
    const stats = this.#begin();
    await stats.data();
    stats.dispose();
  }

  get network(): NetworkConfig {
    return this.#net.config;
  }

  /** One live frame, from the network to encoded bytes. */
  async frame(watch: Watch): Promise<{ seconds: number; bytes: number; taps: number }> {
    const begin = performance.now();
    const frame = await this.#recorder.record(this.#net, MOMENT, watch);
    const { length } = encodeFrame(frame);
    return { seconds: (performance.now() - begin) / 1000, bytes: length, taps: frame.taps.length };
  }

  /** The encoded frame of all taps of all probes. */
  async snapshot(): Promise<Uint8Array> {
    return encodeFrame(await this.#recorder.record(this.#net, MOMENT));
  }

  /** Steps as they are told, where an engine would else issue noted ones: a hook sees to that. */
  async profile(): Promise<Profile> {
    const hook = this.#net.registerTap('logits', () => undefined);
    try {
      return await profileSteps(() => this.#whole());
    } finally {
      hook.remove();
    }
  }

  dispatches(): Promise<Dispatches> {
    return countDispatches(() => this.#begin());
  }

  dispose(): void {
    this.#recorder.dispose();
    this.#step.dispose();
    this.#optimizer.dispose();
    this.#net.dispose();
  }
}
