/** A convolution of the network, with or without its batch normalisation. */
import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.ts';
import { BatchNorm, type BatchNormOptions } from './batchNorm.ts';
import { affineOf, Folding, type Affine } from './folding.ts';
import { ops } from './ops.ts';
import { RunningStatistics } from './runningStatistics.ts';
import { learned, named, smallNormal, zeros, type NamedVariable } from './variables.ts';

export type Mode = 'train' | 'infer';

/** One way through the network: training gathers the statistics that inference folds. */
export type Pass = RunningStatistics | Folding;

/** The product itself: x [N,H,W,I], w [k,k,I,O]. */
export type Product = (x: tf.Tensor4D, w: tf.Tensor4D) => tf.Tensor4D;

/** A convolution that stands for another one: HWIO weights and a bias [O]. */
export type Plain = { weight: tf.Tensor4D; bias: tf.Tensor1D };

export class Conv {
  readonly #product: Product;
  readonly #weight: tf.Variable;
  readonly #bias: tf.Variable;
  readonly #norm: BatchNorm | null;

  private constructor(product: Product, weight: tf.Variable, bias: tf.Variable, norm: BatchNorm | null) {
    this.#product = product;
    this.#weight = weight;
    this.#bias = bias;
    this.#norm = norm;
  }

  /** `shape` is [k,k,I,O]; `norm` null leaves batch normalisation out. */
  static create(
    product: Product,
    shape: [number, number, number, number],
    norm: BatchNormOptions | null,
    random: Random | null,
  ): Conv {
    const outputs = shape[3];
    const bias = zeros([outputs]);
    const batchNorm = norm ? new BatchNorm(outputs, norm, bias) : null;
    return new Conv(product, smallNormal(random, shape), bias, batchNorm);
  }

  /** Takes over the tensors of `plain`. */
  static of(product: Product, plain: Plain): Conv {
    return new Conv(product, learned(plain.weight), learned(plain.bias), null);
  }

  /** x [N,H,W,I] → [N,h,w,O]; the annealed activation at `lambda` follows, which is none at 0. */
  apply(x: tf.Tensor4D, pass: Pass, lambda = 0): tf.Tensor4D {
    const norm = this.#norm;
    const own = this.#weight as unknown as tf.Tensor4D;
    if (norm && (pass instanceof RunningStatistics || !this.#gainsByFolding(x)))
      return norm.apply(this.#product(x, own), pass, lambda);
    const { weight, bias } =
      norm && pass instanceof Folding
        ? pass.of(norm, (affine) => this.#fold(affine))
        : { weight: own, bias: this.#bias as unknown as tf.Tensor1D };
    return ops().annealed(ops().biasAdd(this.#product(x, weight), bias), lambda);
  }

  /** Whether inference does less with the normalisation folded into the weights: of a few small maps the outputs are fewer
   * values than these. */
  #gainsByFolding({ shape: [images, height, width] }: tf.Tensor4D): boolean {
    const [rows, columns, inputs] = this.#weight.shape as tf.Tensor4D['shape'];
    return ops().batchNormInfer === null && images * height * width > rows * columns * inputs;
  }

  /** The same function in inference as one convolution, its normalisation folded in. The result's tensors may be the
   * variables themselves: it is to be read inside a tidy, not disposed of. */
  folded(): Plain {
    if (this.#norm) return this.#fold(affineOf([this.#norm.running])[0]!);
    return { weight: this.#weight as unknown as tf.Tensor4D, bias: this.#bias as unknown as tf.Tensor1D };
  }

  #fold({ scale, shift }: Affine): Plain {
    return { weight: tf.mul(this.#weight, scale), bias: shift };
  }

  norms(): BatchNorm[] {
    return this.#norm ? [this.#norm] : [];
  }

  /** `at` names the convolution, `normAt` its normalisation. */
  variables(at: string, normAt: string): NamedVariable[] {
    const role = this.#norm ? 'idle' : 'weight';
    return [
      named(`${at}.weight`, this.#weight, 'conv'),
      named(`${at}.bias`, this.#bias, 'plain', role),
      ...(this.#norm?.variables() ?? []).map((entry) => ({ ...entry, name: `${normAt}.${entry.name}` })),
    ];
  }
}
