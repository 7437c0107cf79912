/** Passes of a network as far as the last of some taps, whose values come as one vector. */
import * as tf from '@tensorflow/tfjs-core';
import type { FrameTap } from '../../shared/frame.ts';
import { ops, type Traced } from '../nn/ops.ts';
import type { VanillaNet } from '../nn/vanillanet.ts';

/** One tap's part of the vector: for `u8` as Ops.quantise gives it, for `f32` the values [P, C, H, W]. Of values that are
 * read in place (see Ops.inPlace) either is the values as they are, [P, H, W, C]. */
export interface Part {
  id: string;
  shape: FrameTap['shape'];
  encoding: FrameTap['encoding'];
}

/** How many numbers a part has. */
export function lengthOf({ shape, encoding }: Part): number {
  const [probes, channels, height, width] = shape;
  const ranges = encoding === 'u8' && !ops().inPlace ? 3 * channels : 0;
  return ranges + probes * channels * height * width;
}

/** Passes that are kept: the snapshots' and that of what is watched. */
const KEPT = 2;

interface Pass {
  net: VanillaNet;
  merged: boolean;
  /** λ where the activation is a ReLU or none; null between the two. */
  lambda: number | null;
  x: tf.Tensor4D;
  parts: string;
}

export class Passes {
  /** The latest first. */
  readonly #kept: { pass: Pass; traced: Traced }[] = [];

  /** The parts of images x [P, H, W, C] joined to one vector, which is the caller's; `parts` are in the order in which the
   * network has them. Quicker for what comes again. */
  run(net: VanillaNet, x: tf.Tensor4D, parts: readonly Part[]): tf.Tensor1D {
    const told = parts.map(({ id, encoding }) => `${id} ${encoding}`).join();
    const lambda = net.lambda > 0 && net.lambda < 1 ? null : net.lambda;
    const pass: Pass = { net, merged: net.merged, lambda, x, parts: told };
    const at = this.#kept.findIndex((kept) => same(kept.pass, pass));
    const [found] = at >= 0 ? this.#kept.splice(at, 1) : [];
    const kept = found ?? { pass, traced: trace(net, x, parts) };
    this.#kept.unshift(kept);
    for (const { traced } of this.#kept.splice(KEPT)) traced.dispose();
    return kept.traced.run(net.lambda);
  }

  dispose(): void {
    for (const { traced } of this.#kept.splice(0)) traced.dispose();
  }
}

function trace(net: VanillaNet, x: tf.Tensor4D, parts: readonly Part[]): Traced {
  const variables = net.variables.map(({ variable }) => variable);
  return ops().traced([x], variables, () => joinedParts(net, x, parts));
}

function same(a: Pass, b: Pass): boolean {
  return (Object.keys(a) as (keyof Pass)[]).every((key) => a[key] === b[key]);
}

/** Thrown by the hook of the last tap: what follows it shows nothing. */
const SEEN = new Error('the last tap has been seen');

function joinedParts(net: VanillaNet, x: tf.Tensor4D, parts: readonly Part[]): tf.Tensor1D {
  const vectors: tf.Tensor1D[] = [];
  const handles = parts.map(({ id, encoding }) =>
    net.registerTap(id, (_, value) => {
      vectors.push(vectorOf(value as tf.Tensor4D, encoding));
      if (vectors.length === parts.length) throw SEEN;
    }),
  );
  try {
    net.apply(x, 'infer');
  } catch (thrown) {
    if (thrown !== SEEN) {
      tf.dispose(vectors);
      throw thrown;
    }
  } finally {
    for (const handle of handles) handle.remove();
  }
  if (vectors.length === 1) return vectors[0]!;
  const joined = ops().joined(vectors);
  tf.dispose(vectors);
  return joined;
}

/** One tap's value [P, H, W, C] as its part. The result outlives the scope it is made in. */
function vectorOf(value: tf.Tensor4D, encoding: FrameTap['encoding']): tf.Tensor1D {
  const [probes, height, width, channels] = value.shape;
  return tf.keep(
    tf.tidy(() => {
      if (ops().inPlace) return tf.reshape(value, [-1]);
      if (encoding === 'u8') return ops().quantise(value);
      return tf.reshape(tf.transpose(tf.reshape(value, [probes, height * width, channels]), [0, 2, 1]), [-1]);
    }),
  );
}
