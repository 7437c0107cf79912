/** Series activation as the sum of shifted and scaled ReLUs of each channel (paper, section 3.2, eq. 5), then batch
 * normalisation. The reference has only the convolution form, so the names `scale` [n, C], `shift` [n, C] and, once
 * merged, `bias` [C] are ours. */
import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.ts';
import { BatchNorm, type BatchNormOptions } from './batchNorm.ts';
import type { Pass } from './conv.ts';
import { affineOf, type Affine } from './folding.ts';
import { ops } from './ops.ts';
import { shiftedRelu } from './portable/shiftedRelu.ts';
import { RunningStatistics } from './runningStatistics.ts';
import type { Taps } from './taps.ts';
import { below, learned, named, smallNormal, type NamedVariable } from './variables.ts';

export class ShiftedActivation {
  #scales: tf.Variable;
  readonly #shifts: tf.Variable;
  #after: BatchNorm | tf.Variable;

  /** Starts as a rising curve: scales 1/n with a little noise, hinges evenly from -1 to 1 (one term: at 0). */
  constructor(channels: number, n: number, norm: BatchNormOptions, random: Random | null) {
    const noise = smallNormal(random, [n, channels]);
    this.#scales = learned(tf.tidy(() => tf.add(noise, 1 / n)));
    noise.dispose();
    const hinges = tf.tidy(() => {
      const column = n === 1 ? tf.zeros([1]) : tf.linspace(-1, 1, n);
      return tf.tile(tf.reshape(column, [n, 1]), [1, channels]);
    });
    this.#shifts = learned(hinges);
    this.#after = new BatchNorm(channels, norm, null);
  }

  apply(x: tf.Tensor4D, pass: Pass, _taps: Taps, _block: string): tf.Tensor4D {
    const shifts = this.#shifts as unknown as tf.Tensor2D;
    const own = this.#scales as unknown as tf.Tensor2D;
    if (!(this.#after instanceof BatchNorm))
      return ops().biasAdd(shiftedRelu(x, own, shifts), this.#after as unknown as tf.Tensor1D);
    if (pass instanceof RunningStatistics) return this.#after.apply(shiftedRelu(x, own, shifts), pass);
    const { scales, bias } = pass.of(this.#after, (affine) => this.#fold(affine));
    return ops().biasAdd(shiftedRelu(x, scales, shifts), bias);
  }

  #fold({ scale, shift }: Affine): { scales: tf.Tensor2D; bias: tf.Tensor1D } {
    return { scales: tf.mul(this.#scales, scale), bias: shift };
  }

  merge(): void {
    const norm = this.#after;
    if (!(norm instanceof BatchNorm)) return;
    const before = this.#scales;
    const { scales, bias } = tf.tidy(() => this.#fold(affineOf([norm.running])[0]!));
    this.#scales = learned(scales);
    this.#after = learned(bias);
    before.dispose();
    for (const { variable } of norm.variables()) variable.dispose();
  }

  norms(): BatchNorm[] {
    return this.#after instanceof BatchNorm ? [this.#after] : [];
  }

  variables(): NamedVariable[] {
    const series = [named('scale', this.#scales), named('shift', this.#shifts)];
    return this.#after instanceof BatchNorm
      ? [...series, ...below('bn', this.#after.variables())]
      : [...series, named('bias', this.#after)];
  }
}
