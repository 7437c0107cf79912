/** The self-test of a rung: one training step of a VanillaNet-like block against values that PyTorch computed in
 * float64 (selftest.json, made by test/server/engine/selftest_reference.py). */
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { ops } from '../nn/ops.ts';
import { withGradient } from '../nn/portable/gradient.ts';

interface Reference {
  loss: number;
  lossAfterStep: number;
  gradients: Record<string, number[]>;
}

const EPSILON = 1e-5;
const LAMBDA = 0.25;
const RATE = 0.1;
const LABELS = [0, 3, 1, 4];

/** Largest difference accepted, relative to the largest value of the tensor: a wrong kernel misses by far more,
 * float32 in another order of summation by far less. */
const TOLERANCE = 1e-3;

/** Shape, seed, scale and offset of each parameter, as in the script. */
const PARAMETERS: Readonly<
  Record<string, readonly [shape: number[], seed: number, scale: number, offset: number]>
> = {
  stem: [[4, 4, 3, 8], 2, 0.3, 0],
  gamma0: [[8], 3, 0.2, 1],
  beta0: [[8], 4, 0.2, 0],
  conv: [[1, 1, 8, 12], 5, 0.5, 0],
  gamma1: [[12], 6, 0.2, 1],
  beta1: [[12], 7, 0.2, 0],
  series: [[3, 3, 12, 1], 8, 0.4, 0],
  gamma2: [[12], 9, 0.2, 1],
  beta2: [[12], 10, 0.2, 0],
  head: [[1, 1, 12, 5], 11, 4, 0],
};

/** Values in [-1, 1) that any language makes alike. */
function pattern(shape: number[], seed: number, scale = 1, offset = 0): tf.Tensor {
  const values = Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => (((i * 7919 + seed * 104729) % 2003) / 1001.5 - 1) * scale + offset,
  );
  return tf.tensor(values, shape);
}

/** z [N,H,W,C] → [N,1,1,C]. */
function averagePool(z: tf.Tensor4D): tf.Tensor4D {
  return withGradient([z], (_save, z: tf.Tensor4D) => ({
    value: tf.mean<tf.Tensor4D>(z, [1, 2], true),
    gradient: (dy) => [tf.mul(tf.ones(z.shape), tf.div(dy, z.shape[1] * z.shape[2]))],
  }));
}

/** Logits [N,1,1,K] → mean cross-entropy, whose gradient is (softmax - one hot) / N. */
function crossEntropy(logits: tf.Tensor4D): tf.Scalar {
  const [n, , , classes] = logits.shape;
  return withGradient([logits], (save, logits: tf.Tensor4D) => {
    const rows = tf.reshape(logits, [n, classes]);
    const oneHot = tf.cast(tf.oneHot(tf.tensor1d(LABELS, 'int32'), classes), 'float32');
    const shifted = tf.sub(rows, tf.max(rows, 1, true));
    const logSoftmax = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
    const slope = tf.div(tf.sub(tf.exp(logSoftmax), oneHot), n);
    save([slope]);
    return {
      value: tf.div(tf.sum(tf.mul(oneHot, logSoftmax)), -n) as tf.Scalar,
      gradient: (dy, [slope]) => [tf.reshape(tf.mul(slope!, dy), logits.shape)],
    };
  });
}

/** Loss of the block; the gradient of each step is its own, because tfjs-core alone registers none. */
function lossOf(x: tf.Tensor4D, w: Record<string, tf.Tensor>): tf.Scalar {
  const bn = (z: tf.Tensor4D, i: number): tf.Tensor4D =>
    ops().batchNormTrain(z, w[`gamma${i}`] as tf.Tensor1D, w[`beta${i}`] as tf.Tensor1D, EPSILON).y;
  const kernel = (name: string): tf.Tensor4D => w[name] as tf.Tensor4D;
  let z = ops().annealed(bn(ops().patchConv(x, kernel('stem'), 4, [0, 0]), 0), LAMBDA);
  z = ops().maxPool(bn(ops().conv1x1(z, kernel('conv')), 1), 2);
  z = bn(ops().depthwise(ops().annealed(z, 1), kernel('series')), 2);
  return crossEntropy(ops().conv1x1(averagePool(z), kernel('head')));
}

function compare(what: string, got: ArrayLike<number>, expected: readonly number[]): void {
  if (got.length !== expected.length)
    throw new Error(`${what} has ${got.length} values, expected ${expected.length}`);
  const scale = Math.max(...expected.map(Math.abs));
  // Math.max gives NaN as soon as one difference is NaN.
  const worst = Math.max(...expected.map((value, i) => Math.abs(got[i]! - value)));
  if (worst <= TOLERANCE * scale) return;
  const zeros = Array.from(got).every((value) => value === 0);
  throw new Error(
    zeros
      ? `self-test: ${what} is all zeros`
      : `self-test: ${what} is off by ${worst.toPrecision(3)}, at most ${(TOLERANCE * scale).toPrecision(3)} is right`,
  );
}

/** Throws when a loss, a gradient or the loss after one SGD step is wrong, zero or NaN. */
export async function selfTest(): Promise<void> {
  const reference = JSON.parse(
    readFileSync(new URL('./selftest.json', import.meta.url), 'utf8'),
  ) as Reference;
  const x = pattern([4, 32, 32, 3], 1) as tf.Tensor4D;
  const variables: Record<string, tf.Variable> = {};
  for (const [name, [shape, seed, scale, offset]] of Object.entries(PARAMETERS)) {
    const initial = pattern(shape, seed, scale, offset);
    variables[name] = tf.variable(initial, true);
    initial.dispose();
  }
  const created: tf.Tensor[] = [x, ...Object.values(variables)];
  try {
    const list = Object.values(variables);
    const { value, grads } = tf.variableGrads(() => lossOf(x, variables), list);
    created.push(value, ...Object.values(grads));
    compare('the loss', await value.data(), [reference.loss]);
    for (const [name, variable] of Object.entries(variables)) {
      const gradient = grads[variable.name];
      if (!gradient) throw new Error(`self-test: no gradient of ${name}`);
      compare(`the gradient of ${name}`, await gradient.data(), reference.gradients[name]!);
      tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(gradient, RATE))));
    }
    const after = tf.tidy(() => lossOf(x, variables));
    created.push(after);
    compare('the loss after one step', await after.data(), [reference.lossAfterStep]);
  } finally {
    tf.dispose(created);
  }
}
