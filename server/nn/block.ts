/** A block: pair, max-pooling, activation (paper, section 2; the reference pools before it activates). */
import type * as tf from '@tensorflow/tfjs-core';
import type { ActivationConfig } from '../../shared/config.ts';
import type { Random } from '../random.ts';
import { createActivation, type Activation } from './activation.ts';
import type { BatchNorm } from './batchNorm.ts';
import type { Pass } from './conv.ts';
import { ops } from './ops.ts';
import { Pair, type PairOptions } from './pair.ts';
import type { Taps } from './taps.ts';
import { below, type NamedVariable } from './variables.ts';

export interface BlockOptions {
  pair: PairOptions;
  /** Window and stride of the max-pooling; 1 is none. */
  stride: number;
  activation: ActivationConfig;
  /** The activation's name in the deep and in the merged network. */
  activationNames: { deep: string; merged: string };
}

export class Block {
  readonly #options: BlockOptions;
  readonly #pair: Pair;
  readonly #activation: Activation;
  #merged = false;

  constructor(options: BlockOptions, random: Random | null) {
    const { pair, activation } = options;
    this.#options = options;
    this.#pair = new Pair(pair, random);
    this.#activation = createActivation(activation, pair.outputs, pair.norm, random);
  }

  apply(x: tf.Tensor4D, lambda: number, pass: Pass, taps: Taps): tf.Tensor4D {
    const { pair, stride } = this.#options;
    let y = this.#pair.apply(x, lambda, pass, taps);
    taps.fire(`${pair.block}.conv2`, y);
    if (stride > 1) {
      y = ops().maxPool(y, stride);
      taps.fire(`${pair.block}.pool`, y);
    }
    y = this.#activation.apply(y, pass, taps, pair.block);
    taps.fire(`${pair.block}.out`, y);
    return y;
  }

  merge(): void {
    this.#pair.merge();
    this.#activation.merge();
    this.#merged = true;
  }

  norms(): BatchNorm[] {
    return [...this.#pair.norms(), ...this.#activation.norms()];
  }

  variables(): NamedVariable[] {
    const { deep, merged } = this.#options.activationNames;
    return [...this.#pair.variables(), ...below(this.#merged ? merged : deep, this.#activation.variables())];
  }
}
