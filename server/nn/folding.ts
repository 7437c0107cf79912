/** Normalisations folded into what is ahead of them: for inference, and for the merge. */
import * as tf from '@tensorflow/tfjs-core';
import type { BatchNorm } from './batchNorm.ts';
import { ops, type RunningNorm } from './ops.ts';
import { repeated } from './portable/vectors.ts';

/** A normalisation by its running statistics: y = x·scale + shift, both [C], of an x without the bias ahead. */
export type Affine = { scale: tf.Tensor1D; shift: tf.Tensor1D };

/** scale = γ / √(σ² + ε) and shift = β - (μ - bias)·scale of each. */
export function affineOf(norms: readonly RunningNorm[]): Affine[] {
  const { joined, parted } = ops();
  const sizes = norms.map(({ gamma }) => gamma.size);
  const epsilons = repeated(
    norms.map(({ epsilon }) => epsilon),
    sizes,
  );
  const inverse = tf.rsqrt(tf.add(joined(norms.map(({ variance }) => variance)), epsilons));
  const scale = tf.mul(joined(norms.map(({ gamma }) => gamma)), inverse) as tf.Tensor1D;
  const means = joined(norms.map(({ mean }) => mean));
  const centre = tf.sub(means, joined(norms.map(({ bias, mean }) => bias ?? tf.zeros(mean.shape))));
  const shift = tf.sub(joined(norms.map(({ beta }) => beta)), tf.mul(centre, scale)) as tf.Tensor1D;
  const shapes = sizes.map((size) => [size]);
  const [scales, shifts] = [scale, shift].map((vector) => parted(vector, shapes) as tf.Tensor1D[]);
  return scales!.map((part, i) => ({ scale: part, shift: shifts![i]! }));
}

/** What inference computes from the variables alone, kept for as long as they keep their values. */
export class Folding {
  /** The data of the variables: an assignment replaces it, so another value is another object. */
  #version: readonly object[] = [];
  #affine: ReadonlyMap<BatchNorm, Affine> | null = null;
  readonly #folded = new Map<BatchNorm, Record<string, tf.Tensor>>();
  readonly #kept = new Set<tf.Tensor>();
  readonly #norms: readonly BatchNorm[];
  readonly #variables: readonly tf.Variable[];

  /** For a network's normalisations, and all the variables that anything folded depends on. */
  constructor(norms: readonly BatchNorm[], variables: readonly tf.Variable[]) {
    this.#norms = norms;
    this.#variables = variables;
  }

  /** Drops what was computed from other values than the present ones. */
  refresh(): void {
    const version = this.#variables.map(({ dataId }) => dataId);
    if (version.length === this.#version.length && version.every((id, i) => id === this.#version[i])) return;
    this.dispose();
    this.#version = version;
  }

  /** What `fold` makes of a normalisation: computed once, and not to be disposed of. */
  of<Folded extends Record<string, tf.Tensor>>(norm: BatchNorm, fold: (affine: Affine) => Folded): Folded {
    let folded = this.#folded.get(norm) as Folded | undefined;
    if (!folded) {
      folded = tf.tidy(() => fold(this.affine(norm)));
      this.#keep(Object.values(folded));
      this.#folded.set(norm, folded);
    }
    return folded;
  }

  /** A normalisation itself, likewise computed once. */
  affine(norm: BatchNorm): Affine {
    if (!this.#affine) {
      const all = tf.tidy(() => affineOf(this.#norms.map(({ running }) => running)));
      this.#keep(all.flatMap(({ scale, shift }) => [scale, shift]));
      this.#affine = new Map(this.#norms.map((norm, i) => [norm, all[i]!]));
    }
    return this.#affine.get(norm)!;
  }

  #keep(tensors: readonly tf.Tensor[]): void {
    for (const tensor of tensors) this.#kept.add(tf.keep(tensor));
  }

  dispose(): void {
    for (const tensor of this.#kept) tensor.dispose();
    this.#kept.clear();
    this.#folded.clear();
    this.#affine = null;
    this.#version = [];
  }
}
