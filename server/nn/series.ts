/** Series activation in the form that the reference trains (paper, section 3.2, eq. 6): ReLU, then a depthwise
 * convolution over (2n + 1)² neighbours, then batch normalisation. */
import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.ts';
import { BatchNorm, type BatchNormOptions } from './batchNorm.ts';
import type { Mode } from './conv.ts';
import { ops } from './ops.ts';
import { biasAdd } from './portable/biasAdd.ts';
import type { Taps } from './taps.ts';
import { below, learned, named, smallNormal, type NamedVariable } from './variables.ts';

export class SeriesActivation {
  #weight: tf.Variable;
  /** The normalisation before the merge, the bias that is left of it afterwards. */
  #after: BatchNorm | tf.Variable;

  constructor(channels: number, n: number, norm: BatchNormOptions, random: Random | null) {
    const size = 2 * n + 1;
    this.#weight = smallNormal(random, [size, size, channels, 1]);
    this.#after = new BatchNorm(channels, norm);
  }

  apply(x: tf.Tensor4D, mode: Mode, taps: Taps, block: string): tf.Tensor4D {
    const active = ops().annealed(x, 1);
    taps.fire(`${block}.relu`, active);
    if (this.#after instanceof BatchNorm && mode === 'train')
      return this.#after.train(ops().depthwise(active, this.#weight as unknown as tf.Tensor4D), null);
    const { weight, bias } = this.#folded();
    return biasAdd(ops().depthwise(active, weight), bias);
  }

  #folded(): { weight: tf.Tensor4D; bias: tf.Tensor1D } {
    const weight = this.#weight as unknown as tf.Tensor4D;
    if (!(this.#after instanceof BatchNorm)) return { weight, bias: this.#after as unknown as tf.Tensor1D };
    const { scale, shift } = this.#after.folded(null);
    return { weight: tf.mul(weight, tf.reshape(scale, [1, 1, -1, 1])), bias: shift };
  }

  merge(): void {
    if (!(this.#after instanceof BatchNorm)) return;
    const gone = this.variables();
    const [weight, bias] = tf.tidy(() => {
      const folded = this.#folded();
      return [folded.weight, folded.bias];
    });
    this.#weight = learned(weight!);
    this.#after = learned(bias!);
    for (const { variable } of gone) variable.dispose();
  }

  variables(): NamedVariable[] {
    const weight = named('weight', this.#weight, 'depthwise');
    return this.#after instanceof BatchNorm
      ? [weight, ...below('bn', this.#after.variables())]
      : [weight, named('bias', this.#after)];
  }
}
