/** The deep training strategy's unit (paper, section 3.1): two convolutions with an annealed activation between them,
 * which become one convolution. */
import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.ts';
import type { BatchNorm, BatchNormOptions } from './batchNorm.ts';
import { Conv, type Pass, type Product } from './conv.ts';
import { mergePair } from './merge.ts';
import { ops } from './ops.ts';
import type { Taps } from './taps.ts';
import type { NamedVariable } from './variables.ts';

/** Where the reference implementation keeps a pair's parts. */
export interface PairNames {
  first: string;
  firstNorm: string;
  second: string;
  secondNorm: string;
  merged: string;
}

export interface PairOptions {
  /** Prefix of the taps `pre`, `act`. */
  block: string;
  names: PairNames;
  /** Product of the first convolution; the second is 1×1. */
  product: Product;
  /** [k, k, inputs, middle] of the first convolution. */
  shape: [number, number, number, number];
  outputs: number;
  norm: BatchNormOptions;
  /** The classifier's second convolution has no normalisation. */
  secondNorm: boolean;
}

const conv1x1: Product = (x, w) => ops().conv1x1(x, w);

export class Pair {
  readonly #options: PairOptions;
  #convs: readonly [Conv, Conv] | readonly [Conv];

  constructor(options: PairOptions, random: Random | null) {
    const { product, shape, outputs, norm, secondNorm } = options;
    this.#options = options;
    const first = Conv.create(product, shape, norm, random);
    const second = Conv.create(conv1x1, [1, 1, shape[3], outputs], secondNorm ? norm : null, random);
    this.#convs = [first, second];
  }

  /** x [N,H,W,I] → [N,h,w,O]. */
  apply(x: tf.Tensor4D, lambda: number, pass: Pass, taps: Taps): tf.Tensor4D {
    const [first, second] = this.#convs;
    if (!second) return first.apply(x, pass);
    const { block } = this.#options;
    const activated = this.#activated(x, lambda, pass, taps);
    taps.fire(`${block}.act`, activated);
    return second.apply(activated, pass);
  }

  /** What is between the two: convolution and activation in one, unless someone looks at what is between them. */
  #activated(x: tf.Tensor4D, lambda: number, pass: Pass, taps: Taps): tf.Tensor4D {
    const [first] = this.#convs;
    const tap = `${this.#options.block}.pre`;
    if (!taps.has(tap)) return first.apply(x, pass, lambda);
    const y = first.apply(x, pass);
    taps.fire(tap, y);
    return ops().annealed(y, lambda);
  }

  /** Right only where the activation between the two is the identity; who calls sees to that. */
  merge(): void {
    const [first, second] = this.#convs;
    if (!second) return;
    const { product } = this.#options;
    const gone = this.variables();
    const merged = tf.tidy(() => mergePair(first.folded(), second.folded()));
    this.#convs = [Conv.of(product, merged)];
    for (const { variable } of gone) variable.dispose();
  }

  norms(): BatchNorm[] {
    return this.#convs.flatMap((conv) => conv.norms());
  }

  variables(): NamedVariable[] {
    const { names } = this.#options;
    const [first, second] = this.#convs;
    if (!second) return first.variables(names.merged, '');
    return [
      ...first.variables(names.first, names.firstNorm),
      ...second.variables(names.second, names.secondNorm),
    ];
  }
}
