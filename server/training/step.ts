/** Optimizer steps of a network. */
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../datasets/batches.ts';
import { ops, type Traced } from '../nn/ops.ts';
import type { VanillaNet } from '../nn/vanillanet.ts';
import { countCorrect, crossEntropy } from './loss.ts';
import type { Optimizer } from './optimizer.ts';
import { fixedLambda } from './passes.ts';
import { Recent } from './recent.ts';

/** Steps that are kept: on whole batches, and on what is left at the end of an epoch. */
const KEPT = 2;

interface Kind {
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
    const { inputSize, inputChannels } = net.config;
    const images = batch.count;
    this.#optimizer.begin(learningRate);
    return tf.tidy(() => {
      const x = tf.tensor4d(batch.x, [images, inputSize, inputSize, inputChannels]);
      const labels = tf.tensor1d(Int32Array.from(batch.labels), 'int32');
      // Hooks want to see the values, which only the work itself has.
      if (net.hooked) return this.#work(x, labels);
      const kind = { lambda: fixedLambda(net), images };
      return this.#kept.of(kind, () => this.#trace()).run(net.lambda, [x, labels]);
    });
  }

  #trace(): Traced {
    const optimizer = this.#optimizer;
    const inputs = [...this.#net.variables.map(({ variable }) => variable), ...optimizer.held];
    return ops().traced(optimizer.fixed, inputs, (x, labels) =>
      this.#work(x as tf.Tensor4D, labels as tf.Tensor1D),
    );
  }

  #work(x: tf.Tensor4D, labels: tf.Tensor1D): tf.Tensor1D {
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
  }
}
