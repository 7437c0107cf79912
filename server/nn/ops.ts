/**
 * The seam between the network and the backends: the few operations that the network and its training are made of,
 * differentiable where nothing else is said, channels last (NHWC, weights HWIO). The portable versions use only kernels
 * that every backend has; an engine that can do better replaces some of them with `provideOps` before a network is
 * built.
 */
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { adamw, type AdamwBetas, type AdamwState } from './portable/adamw.ts';
import { annealed } from './portable/annealed.ts';
import { batchNormTrain } from './portable/batchNormTrain.ts';
import { biasAdd } from './portable/biasAdd.ts';
import { conv1x1 } from './portable/conv1x1.ts';
import { countCorrect, crossEntropy } from './portable/crossEntropy.ts';
import { depthwise } from './portable/depthwise.ts';
import { globalAverage } from './portable/globalAverage.ts';
import { maxPool } from './portable/maxPool.ts';
import { moveStatistics, type StatisticsMove } from './portable/moveStatistics.ts';
import { patchConv } from './portable/patchConv.ts';
import { quantise } from './portable/quantise.ts';
import { traced } from './portable/traced.ts';
import { joined, parted } from './portable/vectors.ts';

export interface BatchNormResult {
  /** [N, H, W, C] */
  y: Tensor4D;
  /** Batch mean [C], not differentiated. */
  mean: Tensor1D;
  /** Batch variance [C], biased (divided by N·H·W), not differentiated. */
  variance: Tensor1D;
}

/** A normalisation by running statistics: (x + bias - mean) / √(variance + ε) · gamma + beta, all [C]; the bias, of the
 * layer ahead, may be null. */
export interface RunningNorm extends Record<'gamma' | 'beta' | 'mean' | 'variance', Tensor1D> {
  bias: Tensor1D | null;
  epsilon: number;
}

/** Work that comes again. */
export interface Traced {
  /** What the work gives of the inputs' present values and of what is `given`, its annealed activations being at `lambda`:
   * always 1, always 0, or always between the two. The result is the caller's. */
  run(lambda: number, given?: readonly Tensor[]): Tensor1D;
  dispose(): void;
}

export interface Ops {
  /** Whether values lie in the processor's own memory, where reading them is a copy and small kernels cost more than the
   * same in JavaScript. */
  readonly inPlace: boolean;
  /** Whether asking for a tensor's values holds up everything, JavaScript too, until they are there: then it is done as
   * late as may be. */
  readonly readsWait: boolean;
  /** Not differentiable. x [N,H,W,C], which came without `norm.bias`, normalised by the running statistics; then the
   * annealed activation at `lambda`, which is none at 0. Null where an engine has no kernel for it: folding it into the
   * weights ahead is quicker there. */
  readonly batchNormInfer: ((x: Tensor4D, norm: RunningNorm, lambda: number) => Tensor4D) | null;
  /** x [N,H,W,I], w [1,1,I,O] → [N,H,W,O]. */
  conv1x1(x: Tensor4D, w: Tensor4D): Tensor4D;
  /** The stem: x [N,H,W,I], w [4,4,I,O], zero padding [before, after] of rows and columns. x needs no gradient. */
  patchConv(x: Tensor4D, w: Tensor4D, stride: number, padding: readonly [number, number]): Tensor4D;
  /** x [N,H,W,C], w [k,k,C,1] with odd k, stride 1, zero padding (k - 1) / 2 → [N,H,W,C]. */
  depthwise(x: Tensor4D, w: Tensor4D): Tensor4D;
  /** Normalisation with the batch's own statistics, gamma and beta are [C]; then the annealed activation at `lambda`,
   * which is none at 0, as where it is left out. */
  batchNormTrain(
    x: Tensor4D,
    gamma: Tensor1D,
    beta: Tensor1D,
    epsilon: number,
    lambda?: number,
  ): BatchNormResult;
  /** λ·ReLU(x) + (1 - λ)·x, that is a leaky ReLU of slope 1 - λ. */
  annealed(x: Tensor4D, lambda: number): Tensor4D;
  /** Window and stride `size`, no padding; a remainder of rows or columns is dropped. */
  maxPool(x: Tensor4D, size: number): Tensor4D;
  /** x [N,H,W,C] + b [C]. */
  biasAdd(x: Tensor4D, b: Tensor1D): Tensor4D;
  /** The average over all places: x [N,H,W,C] → [N,1,1,C]. */
  globalAverage(x: Tensor4D): Tensor4D;
  /** Mean cross-entropy (nats) of logits [N,K] against int32 labels [N]; the target is 1 - smoothing + smoothing / K for
   * the labelled class and smoothing / K for each other one. */
  crossEntropy(logits: Tensor2D, labels: Tensor1D, smoothing: number): Scalar;
  /** Not differentiable. How many rows of logits [N,K] are largest at their int32 label; of equal ones the first counts. */
  countCorrect(logits: Tensor2D, labels: Tensor1D): Scalar;
  /** Not differentiable. The next running statistics of each normalisation: (1 - momentum)·running + momentum·batch. */
  moveStatistics(moves: readonly StatisticsMove[]): StatisticsMove['running'][];
  /** Not differentiable. Float32 tensors of any shapes end to end, each row by row. */
  joined(parts: readonly Tensor[]): Tensor1D;
  /** Not differentiable. A vector cut into tensors of these shapes, which together have its length. */
  parted(vector: Tensor1D, shapes: readonly (readonly number[])[]): Tensor[];
  /** Not differentiable. x [P,H,W,C] → minimum [C] · maximum [C] · sum [C] (over probes and places; not finite where a
   * value is not) · levels [P,C,H,W], whole numbers 0 to 255 with one range per channel, joined to one vector. */
  quantise(x: Tensor4D): Tensor1D;
  /** Not differentiable. One update of the parameters as vectors; new tensors come back, the old ones stay the
   * caller's. `decay` is the weight decay of each value, null where nothing decays; `rates` [3] are those of adamwRates,
   * and lie where they came from: they are no device's result. */
  adamw(
    state: AdamwState,
    gradient: Tensor1D,
    decay: Tensor1D | null,
    betas: AdamwBetas,
    rates: Tensor1D,
  ): AdamwState;
  /** Not differentiable. `work` that comes again: it computes a float32 vector of `fixed`, which never change, of the
   * present values of `inputs`, and of what each run is given, always of the same shapes, and reads no values. Those of its
   * inputs that are variables of float32 it may assign. An engine may note its kernels and run them in its place: each
   * number in them but λ is the same in every run. */
  traced(fixed: Tensor[], inputs: Tensor[], work: (...given: Tensor[]) => Tensor1D): Traced;
}

/** Made of kernels that every backend has; what an engine replaces is compared with these. */
export const portableOps: Ops = {
  inPlace: false,
  readsWait: false,
  batchNormInfer: null,
  conv1x1,
  patchConv,
  depthwise,
  batchNormTrain,
  annealed,
  maxPool,
  biasAdd,
  globalAverage,
  crossEntropy,
  countCorrect,
  moveStatistics,
  joined,
  parted,
  quantise,
  adamw,
  traced,
};

let current: Ops = portableOps;

/** The operations in force: the engine's where it has its own, the portable ones otherwise. */
export function ops(): Ops {
  return current;
}

/** Puts an engine's own operations in place of the portable ones; those left out stay as they are. */
export function provideOps(partial: Partial<Ops>): void {
  current = { ...current, ...partial };
}

/** Back to the portable operations. */
export function resetOps(): void {
  current = portableOps;
}

export type { Tensor };
