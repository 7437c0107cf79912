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
import { adamwRates } from '../nn/portable/adamw.ts';
import { learned } from '../nn/variables.ts';
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
  readonly #weights: tf.Variable;
  readonly #slots: readonly tf.Variable[];
  /** Numbers of the update at hand: of SGD the rate, of AdamW those of adamwRates. */
  readonly #rates: tf.Variable;
  #steps = 0;

  constructor(config: OptimizerConfig, parameters: ReadonlyMap<string, tf.Variable>) {
    this.#config = config;
    this.#flat = new FlatParameters(parameters);
    this.#weights = learned(this.#flat.gather());
    this.#slots = SLOTS[config.kind].map(() => learned(tf.zeros([this.#flat.length])));
    this.#rates = learned(tf.tensor1d(this.#ratesAt(0)));
    const { weightDecay } = config;
    this.#decay =
      weightDecay > 0 ? tf.keep(this.#flat.spread((_, v) => (v.rank > 1 ? weightDecay : 0))) : null;
  }

  /** The variables that it updates, for `tf.variableGrads`. */
  get variables(): tf.Variable[] {
    return this.#flat.variables;
  }

  /** All else that an update reads and never changes. */
  get fixed(): tf.Tensor[] {
    return this.#decay ? [this.#decay] : [];
  }

  /** All else that it reads and that changes. */
  get held(): tf.Variable[] {
    return [this.#weights, ...this.#slots, this.#rates];
  }

  #ratesAt(learningRate: number): number[] {
    const config = this.#config;
    return config.kind === 'sgd'
      ? [learningRate]
      : adamwRates(config, learningRate, Math.max(1, this.#steps));
  }

  /** Before each update: counts it, and sets its rate. */
  begin(learningRate: number): void {
    this.#steps++;
    tf.tidy(() => this.#rates.assign(tf.tensor1d(this.#ratesAt(learningRate))));
  }

  /** The update begun. `gradients` by variable name as `tf.variableGrads` gives them; they stay the caller's. Reads no
   * values and takes no numbers that change: it may be traced (see Ops.traced). */
  update(gradients: tf.NamedTensorMap): void {
    const [weights, ...slots] = tf.tidy(() => {
      const gradient = this.#flat.gatherGradients(gradients);
      return this.#config.kind === 'sgd'
        ? this.#sgd(this.#config, gradient)
        : this.#adamw(this.#config, gradient);
    });
    this.#flat.assign(weights!);
    this.#assign(weights!, slots);
  }

  /** g ← g + decay·w; buffer ← momentum·buffer + g; w ← w - rate·buffer. */
  #sgd({ momentum }: OptimizerConfig & { kind: 'sgd' }, gradient: tf.Tensor1D): tf.Tensor1D[] {
    const g = this.#decay ? tf.add(gradient, tf.mul(this.#weights, this.#decay)) : gradient;
    const buffer = tf.add(tf.mul(this.#slots[0]!, momentum), g) as tf.Tensor1D;
    return [tf.sub(this.#weights, tf.mul(buffer, this.#rates)), buffer];
  }

  #adamw(config: OptimizerConfig & { kind: 'adamw' }, gradient: tf.Tensor1D): tf.Tensor1D[] {
    const [weights, mean, square] = [this.#weights, ...this.#slots] as unknown as [
      tf.Tensor1D,
      tf.Tensor1D,
      tf.Tensor1D,
    ];
    const rates = this.#rates as unknown as tf.Tensor1D;
    const next = ops().adamw({ weights, mean, square }, gradient, this.#decay, config, rates);
    return [next.weights, next.mean, next.square];
  }

  /** Takes tensors over. */
  #assign(weights: tf.Tensor1D, slots: readonly tf.Tensor1D[]): void {
    this.#weights.assign(weights);
    slots.forEach((slot, i) => this.#slots[i]!.assign(slot));
    tf.dispose([weights, ...slots]);
  }

  async state(): Promise<OptimizerState> {
    const stored = await Promise.all(
      this.#slots.map((slot) => this.#flat.store(slot as unknown as tf.Tensor1D)),
    );
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
    this.#assign(this.#flat.gather(), slots);
    this.#steps = state.steps;
  }

  dispose(): void {
    tf.dispose([...this.held, ...this.fixed]);
  }
}
