/** Passes of a network as far as the last of some taps, whose values come as one vector. */
import * as tf from '@tensorflow/tfjs-core';
import type { FrameTap } from '../../shared/frame.ts';
import { ops, type Traced } from '../nn/ops.ts';
import type { VanillaNet } from '../nn/vanillanet.ts';
import { Recent } from './recent.ts';

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
  /** See fixedLambda. */
  lambda: number | null;
  x: tf.Tensor4D;
  parts: string;
}

export class Passes {
  readonly #kept = new Recent<Pass, Traced>(KEPT);

  /** The parts of images x [P, H, W, C] joined to one vector, which is the caller's; `parts` are in the order in which the
   * network has them. Quicker for what comes again. */
  run(net: VanillaNet, x: tf.Tensor4D, parts: readonly Part[]): tf.Tensor1D {
    const told = parts.map(({ id, encoding }) => `${id} ${encoding}`).join();
    const pass: Pass = { net, merged: net.merged, lambda: fixedLambda(net), x, parts: told };
    return this.#kept.of(pass, () => trace(net, x, parts)).run(net.lambda);
  }

  dispose(): void {
    this.#kept.dispose();
  }
}

/** λ where the activation is a ReLU or none, null between the two: what is traced for one λ serves no other such. */
export function fixedLambda({ lambda }: VanillaNet): number | null {
  return lambda > 0 && lambda < 1 ? null : lambda;
}

function trace(net: VanillaNet, x: tf.Tensor4D, parts: readonly Part[]): Traced {
  const variables = net.variables.map(({ variable }) => variable);
  return ops().traced([x], variables, () => joinedParts(net, x, parts));
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
