/** Optimizer steps of a network. */
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../datasets/batches.ts';
import { ops, type Traced } from '../nn/ops.ts';
import type { VanillaNet } from '../nn/vanillanet.ts';
import { learned } from '../nn/variables.ts';
import { countCorrect, crossEntropy } from './loss.ts';
import type { Optimizer } from './optimizer.ts';
import { fixedLambda } from './passes.ts';
import { Recent } from './recent.ts';

/** Steps that are kept: on whole batches, and on what is left at the end of an epoch. */
const KEPT = 2;

interface Kind {
  merged: boolean;
  /** See fixedLambda. */
  lambda: number | null;
  images: number;
}

/** Every step is like the one before, on another batch, from other weights, at another λ and rate: an engine that can
 * does the first one of a kind as it is told, and the others by what it noted then. */
export class TrainStep {
  readonly #net: VanillaNet;
  readonly #optimizer: Optimizer;
  readonly #labelSmoothing: number;
  readonly #kept = new Recent<Kind, Traced>(KEPT);
  /** By their number of images. */
  readonly #batches = new Map<number, HeldBatch>();

  /** Net and optimizer stay the caller's; the network is not merged while this lives. */
  constructor(net: VanillaNet, optimizer: Optimizer, labelSmoothing: number) {
    this.#net = net;
    this.#optimizer = optimizer;
    this.#labelSmoothing = labelSmoothing;
  }

  /** Takes a batch forward and back and updates the parameters. Gives [mean loss, correct images], a vector of two that
   * the caller reads when it likes and disposes. */
  run(batch: Batch, learningRate: number): tf.Tensor1D {
    const net = this.#net;
    const held = this.#held(batch);
    this.#optimizer.begin(learningRate);
    // Hooks want to see the values, which only the work itself has.
    if (net.hooked) return this.#work(held);
    const kind = { merged: net.merged, lambda: fixedLambda(net), images: batch.count };
    return this.#kept.of(kind, () => this.#trace(held)).run(net.lambda);
  }

  #held(batch: Batch): HeldBatch {
    const { inputSize, inputChannels } = this.#net.config;
    const { count } = batch;
    const held = this.#batches.get(count) ?? new HeldBatch([count, inputSize, inputSize, inputChannels]);
    this.#batches.set(count, held);
    held.take(batch);
    return held;
  }

  #trace(held: HeldBatch): Traced {
    const optimizer = this.#optimizer;
    const variables = this.#net.variables.map(({ variable }) => variable);
    const inputs = [...held.variables, ...variables, ...optimizer.held];
    return ops().traced(optimizer.fixed, inputs, () => this.#work(held));
  }

  #work({ x, labels }: HeldBatch): tf.Tensor1D {
    return tf.tidy(() => {
      let correct: tf.Scalar | undefined;
      const { value, grads } = tf.variableGrads(() => {
        const logits = this.#net.apply(x, 'train');
        correct = tf.keep(countCorrect(logits, labels));
        return crossEntropy(logits, labels, this.#labelSmoothing);
      }, this.#optimizer.variables);
      this.#optimizer.update(grads);
      const stats = tf.stack([value, correct!]) as tf.Tensor1D;
      correct!.dispose();
      return stats;
    });
  }

  dispose(): void {
    this.#kept.dispose();
    for (const { variables } of this.#batches.values()) tf.dispose(variables);
    this.#batches.clear();
  }
}

/** The batch at hand, where a trace finds it. */
class HeldBatch {
  readonly #shape: tf.Tensor4D['shape'];
  readonly #x: tf.Variable;
  readonly #labels: tf.Variable;

  /** `shape` is [N, H, W, C]. */
  constructor(shape: tf.Tensor4D['shape']) {
    this.#shape = shape;
    this.#x = learned(tf.zeros(shape));
    this.#labels = learned(tf.zeros([shape[0]], 'int32'));
  }

  take({ x, labels }: Batch): void {
    tf.tidy(() => {
      this.#x.assign(tf.tensor4d(x, this.#shape));
      this.#labels.assign(tf.tensor1d(Int32Array.from(labels), 'int32'));
    });
  }

  /** [N, H, W, C] */
  get x(): tf.Tensor4D {
    return this.#x as unknown as tf.Tensor4D;
  }

  /** int32 [N] */
  get labels(): tf.Tensor1D {
    return this.#labels as unknown as tf.Tensor1D;
  }

  get variables(): tf.Variable[] {
    return [this.#x, this.#labels];
  }
}
