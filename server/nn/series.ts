/** Series activation in the form that the reference trains (paper, section 3.2, eq. 6): ReLU, then a depthwise
 * convolution over (2n + 1)² neighbours, then batch normalisation. */
import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.ts';
import { BatchNorm, type BatchNormOptions } from './batchNorm.ts';
import type { Pass } from './conv.ts';
import { affineOf, type Affine } from './folding.ts';
import { ops } from './ops.ts';
import { reachable } from './portable/reachable.ts';
import { RunningStatistics } from './runningStatistics.ts';
import type { Taps } from './taps.ts';
import { below, learned, named, smallNormal, type NamedVariable } from './variables.ts';

export class SeriesActivation {
  #weight: tf.Variable;
  /** The normalisation before the merge, the bias that is left of it afterwards. */
  #after: BatchNorm | tf.Variable;

  constructor(channels: number, n: number, norm: BatchNormOptions, random: Random | null) {
    const size = 2 * n + 1;
    this.#weight = smallNormal(random, [size, size, channels, 1]);
    this.#after = new BatchNorm(channels, norm, null);
  }

  apply(x: tf.Tensor4D, pass: Pass, taps: Taps, block: string): tf.Tensor4D {
    const active = ops().annealed(x, 1);
    taps.fire(`${block}.relu`, active);
    const convolved = (weight: tf.Tensor4D): tf.Tensor4D =>
      ops().depthwise(active, reachable(weight, active.shape));
    const own = this.#weight as unknown as tf.Tensor4D;
    if (!(this.#after instanceof BatchNorm))
      return ops().biasAdd(convolved(own), this.#after as unknown as tf.Tensor1D);
    if (pass instanceof RunningStatistics || ops().batchNormInfer)
      return this.#after.apply(convolved(own), pass);
    const { weight, bias } = pass.of(this.#after, (affine) => this.#fold(affine));
    return ops().biasAdd(convolved(weight), bias);
  }

  #fold({ scale, shift }: Affine): { weight: tf.Tensor4D; bias: tf.Tensor1D } {
    return { weight: tf.mul(this.#weight, tf.reshape(scale, [1, 1, -1, 1])), bias: shift };
  }

  merge(): void {
    const norm = this.#after;
    if (!(norm instanceof BatchNorm)) return;
    const gone = this.variables();
    const { weight, bias } = tf.tidy(() => this.#fold(affineOf([norm.running])[0]!));
    this.#weight = learned(weight);
    this.#after = learned(bias);
    for (const { variable } of gone) variable.dispose();
  }

  norms(): BatchNorm[] {
    return this.#after instanceof BatchNorm ? [this.#after] : [];
  }

  variables(): NamedVariable[] {
    const weight = named('weight', this.#weight, 'depthwise');
    return this.#after instanceof BatchNorm
      ? [weight, ...below('bn', this.#after.variables())]
      : [weight, named('bias', this.#after)];
  }
}
