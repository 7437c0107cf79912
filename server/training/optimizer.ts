/**
 * SGD with momentum and AdamW over all parameters at once, in PyTorch's conventions.
 *
 * Weight decay acts on tensors of more than one dimension only: batch normalisation's gamma and beta and every bias
 * are left alone, for both optimizers.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { ops } from '../nn/ops.ts';
import { FlatParameters, type StoredTensor } from './flat.ts';

/** What a checkpoint keeps of an optimizer: every slot's tensors by parameter name, and the steps done. */
export interface OptimizerState {
  steps: number;
  slots: ReadonlyMap<string, ReadonlyMap<string, StoredTensor>>;
}

/** Slots by PyTorch's names. */
const SLOTS = { sgd: ['momentum_buffer'], adamw: ['exp_avg', 'exp_avg_sq'] } as const;

/** Holds the weights as one vector of its own: while it lives nobody else may assign the parameters. */
export class Optimizer {
  readonly #config: OptimizerConfig;
  readonly #flat: FlatParameters;
  /** Weight decay of each value, [length]; null where nothing decays. */
  readonly #decay: tf.Tensor1D | null;
  #weights: tf.Tensor1D;
  #slots: tf.Tensor1D[];
  #steps = 0;

  constructor(config: OptimizerConfig, parameters: ReadonlyMap<string, tf.Variable>) {
    this.#config = config;
    this.#flat = new FlatParameters(parameters);
    this.#weights = tf.keep(this.#flat.gather());
    this.#slots = SLOTS[config.kind].map(() => tf.keep(tf.zeros([this.#flat.length]) as tf.Tensor1D));
    const { weightDecay } = config;
    this.#decay =
      weightDecay > 0 ? tf.keep(this.#flat.spread((_, v) => (v.rank > 1 ? weightDecay : 0))) : null;
  }

  /** The variables that it updates, for `tf.variableGrads`. */
  get variables(): tf.Variable[] {
    return this.#flat.variables;
  }

  /** One update. `gradients` by variable name as `tf.variableGrads` gives them; they stay the caller's. */
  step(gradients: tf.NamedTensorMap, learningRate: number): void {
    this.#steps++;
    const [weights, ...slots] = tf.tidy(() => {
      const gradient = this.#flat.gatherGradients(gradients);
      return this.#config.kind === 'sgd'
        ? this.#sgd(this.#config, gradient, learningRate)
        : this.#adamw(this.#config, gradient, learningRate);
    });
    this.#replace(weights!, slots);
    this.#flat.assign(this.#weights);
  }

  /** g ← g + decay·w; buffer ← momentum·buffer + g; w ← w - rate·buffer. */
  #sgd(config: OptimizerConfig & { kind: 'sgd' }, gradient: tf.Tensor1D, rate: number): tf.Tensor1D[] {
    const g = this.#decay ? tf.add(gradient, tf.mul(this.#weights, this.#decay)) : gradient;
    const buffer = tf.add(tf.mul(this.#slots[0]!, config.momentum), g) as tf.Tensor1D;
    return [tf.sub(this.#weights, tf.mul(buffer, rate)), buffer];
  }

  #adamw(config: OptimizerConfig & { kind: 'adamw' }, gradient: tf.Tensor1D, rate: number): tf.Tensor1D[] {
    const [mean, square] = this.#slots as [tf.Tensor1D, tf.Tensor1D];
    const { beta1, beta2, epsilon } = config;
    const rates = { learningRate: rate, beta1, beta2, epsilon, step: this.#steps };
    const next = ops().adamw({ weights: this.#weights, mean, square }, gradient, this.#decay, rates);
    return [next.weights, next.mean, next.square];
  }

  #replace(weights: tf.Tensor1D, slots: readonly tf.Tensor1D[]): void {
    tf.dispose([this.#weights, ...this.#slots]);
    this.#weights = tf.keep(weights);
    this.#slots = slots.map((slot) => tf.keep(slot));
  }

  async state(): Promise<OptimizerState> {
    const stored = await Promise.all(this.#slots.map((slot) => this.#flat.store(slot)));
    return {
      steps: this.#steps,
      slots: new Map(SLOTS[this.#config.kind].map((name, i) => [name, stored[i]!])),
    };
  }

  /** Takes a state back; the parameters keep the values they have. Throws INVALID_WEIGHTS, and nothing is changed. */
  restore(state: OptimizerState): void {
    const names = SLOTS[this.#config.kind];
    const unknown = [...state.slots.keys()].find((name) => !(names as readonly string[]).includes(name));
    if (unknown)
      throw new ScopeError(
        'INVALID_WEIGHTS',
        `optimizer slot ${unknown} is not one of ${this.#config.kind}'s: ${names.join(', ')}`,
        { field: `optimizer.${unknown}` },
      );
    const slots = tf.tidy(() =>
      names.map((name) => this.#flat.restore(state.slots.get(name) ?? new Map(), `optimizer.${name}.`)),
    );
    this.#replace(this.#flat.gather(), slots);
    this.#steps = state.steps;
  }

  dispose(): void {
    tf.dispose([this.#weights, ...this.#slots, ...(this.#decay ? [this.#decay] : [])]);
  }
}
