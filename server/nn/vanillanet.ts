/** VanillaNet (arXiv 2305.12972), channels last, with the deep training strategy and its merge. */
import * as tf from '@tensorflow/tfjs-core';
import type { NetworkConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { checkNetwork, describeTaps } from '../../shared/network.ts';
import type { Random } from '../random.ts';
import { Block } from './block.ts';
import type { Mode } from './conv.ts';
import { Folding } from './folding.ts';
import { blockLayout, headLayout } from './layout.ts';
import { ops } from './ops.ts';
import { Pair } from './pair.ts';
import { flatten } from './portable/flatten.ts';
import { RunningStatistics } from './runningStatistics.ts';
import { Taps, type TapHandle, type TapHook } from './taps.ts';
import type { NamedVariable } from './variables.ts';

export type { TapHandle, TapHook } from './taps.ts';

export class VanillaNet {
  readonly config: NetworkConfig;
  readonly #blocks: readonly Block[];
  readonly #head: Pair;
  readonly #taps = new Taps();
  #lambda = 1;
  #merged = false;
  #variables: readonly NamedVariable[];
  #folding: Folding;

  /** Weights from a normal of deviation 0.02, biases zero, as the reference starts; `random` null leaves the weights
   * zero for who is about to load them. */
  constructor(config: NetworkConfig, random: Random | null) {
    checkNetwork(config);
    this.config = config;
    this.#blocks = blockLayout(config).map((options) => new Block(options, random));
    this.#head = new Pair(headLayout(config), random);
    this.#variables = this.#collect();
    this.#folding = this.#foldingOfAll();
  }

  #foldingOfAll(): Folding {
    const norms = [...this.#blocks, this.#head].flatMap((unit) => unit.norms());
    return new Folding(
      norms,
      this.#variables.map(({ variable }) => variable),
    );
  }

  #collect(): NamedVariable[] {
    return [...this.#blocks, this.#head].flatMap((unit) => unit.variables());
  }

  get merged(): boolean {
    return this.#merged;
  }

  /** λ of the article: 1 is a full ReLU between the convolutions of a pair, 0 the identity. */
  get lambda(): number {
    return this.#lambda;
  }

  set lambda(value: number) {
    const most = this.#merged ? 0 : 1;
    if (!(value >= 0 && value <= most))
      throw new ScopeError(
        'INVALID_CONFIG',
        `λ is ${value}; ${this.#merged ? 'the merged network has no activation to anneal, only 0 is valid' : 'a number from 0 to 1 is valid'}`,
        { field: 'lambda' },
      );
    this.#lambda = value;
  }

  /** All variables with their layout, in the reference's order. */
  get variables(): readonly NamedVariable[] {
    return this.#variables;
  }

  /** What is learned, by the reference's names. */
  get parameters(): ReadonlyMap<string, tf.Variable> {
    return this.#pick((role) => role !== 'statistic');
  }

  /** The parameters whose gradient can differ from zero: all but the biases ahead of a batch normalisation, which
   * takes every constant away again. */
  get trained(): ReadonlyMap<string, tf.Variable> {
    return this.#pick((role) => role === 'weight');
  }

  /** Running means and variances, by the reference's names. */
  get buffers(): ReadonlyMap<string, tf.Variable> {
    return this.#pick((role) => role === 'statistic');
  }

  #pick(wanted: (role: NamedVariable['role']) => boolean): ReadonlyMap<string, tf.Variable> {
    return new Map(this.#variables.filter((v) => wanted(v.role)).map((v) => [v.name, v.variable]));
  }

  /** Calls `hook` with the tap's value, NHWC, each time it is computed. Ids are those of describeTaps; throws
   * NOT_FOUND for others, and after the merge for those inside a pair. */
  registerTap(id: string, hook: TapHook): TapHandle {
    return this.#taps.register(id, hook, this.#tapIds());
  }

  /** Whether any hook is registered. */
  get hooked(): boolean {
    return this.#taps.any;
  }

  #tapIds(): string[] {
    return describeTaps(this.config, this.#merged).map((tap) => tap.id);
  }

  /** Logits [N, classes] of images [N, H, W, C]. `train` normalises with the batch's statistics and moves the running
   * ones; `infer` uses the running ones. */
  apply(x: tf.Tensor4D, mode: Mode): tf.Tensor2D {
    const pass = mode === 'train' ? new RunningStatistics() : this.#folding;
    if (pass instanceof Folding) pass.refresh();
    return tf.tidy(() => {
      let y = x;
      // A scope for each: what nothing keeps for the gradient makes room for the next block.
      for (const block of this.#blocks) y = tf.tidy(() => block.apply(y, this.#lambda, pass, this.#taps));
      y = ops().globalAverage(y);
      this.#taps.fire('head.pooled', y);
      y = this.#head.apply(y, this.#lambda, pass, this.#taps);
      if (pass instanceof RunningStatistics) pass.settle();
      this.#taps.fire('logits', y);
      return flatten(y);
    });
  }

  /** Makes one convolution of every pair, normalisations folded in; the network then has the reference's `deploy`
   * names and trains on. Refused with LAMBDA_NOT_ZERO while λ > 0. Hooks on taps inside a pair are dropped. */
  merge(): void {
    if (this.#merged) return;
    if (this.#lambda > 0)
      throw new ScopeError(
        'LAMBDA_NOT_ZERO',
        `λ is ${this.#lambda}: the pairs can be merged only at λ = 0, where the activation between their convolutions is the identity`,
        { field: 'lambda' },
      );
    for (const block of this.#blocks) block.merge();
    this.#head.merge();
    this.#merged = true;
    this.#variables = this.#collect();
    this.#folding.dispose();
    this.#folding = this.#foldingOfAll();
    this.#taps.keepOnly(this.#tapIds());
  }

  /** A network of its own with the same weights, statistics, λ and state of the merge, without the hooks. */
  copy(): VanillaNet {
    const copy = new VanillaNet(this.config, null);
    copy.lambda = this.#merged ? 0 : this.#lambda;
    if (this.#merged) copy.merge();
    copy.#variables.forEach(({ variable }, i) =>
      // A sum and not a clone: clones share memory, and an optimizer's kernel may write in place.
      tf.tidy(() => variable.assign(tf.add(this.#variables[i]!.variable, 0))),
    );
    return copy;
  }

  dispose(): void {
    this.#folding.dispose();
    for (const { variable } of this.#variables) variable.dispose();
    this.#taps.keepOnly([]);
  }
}
