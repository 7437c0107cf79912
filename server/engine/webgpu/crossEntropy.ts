/** Loss with its gradient, and right answers: one dispatch each, of a single workgroup. */
import type * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../../nn/portable/gradient.ts';
import { flatKernel, Kernel } from './kernel.ts';

const INVOCATIONS = 256;

/** Adds `own` over the invocations; the first has the sum then. */
const SUM = `
  shared_sums[index] = own;
  for (var half = ${INVOCATIONS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index < half) { shared_sums[index] += shared_sums[index + half]; }
  }`;

const SHARED = `var<workgroup> shared_sums: array<f32, ${INVOCATIONS}>;`;

const lossKernel = new Kernel({
  name: 'crossEntropy',
  inputs: ['logits', 'labels: i32'],
  outputs: ['loss', 'gradient'],
  params: { rows: 'u32', classes: 'u32', smoothing: 'f32' },
  size: [INVOCATIONS, 1],
  declare: SHARED,
  body: `
  let rest = p.smoothing / f32(p.classes);
  var own = 0.0;
  for (var r = index; r < p.rows; r += ${INVOCATIONS}u) {
    let row = r * p.classes;
    var most = logits[row];
    for (var k = 1u; k < p.classes; k++) { most = max(most, logits[row + k]); }
    var sum = 0.0;
    for (var k = 0u; k < p.classes; k++) { sum += exp(logits[row + k] - most); }
    let level = most + log(sum);
    for (var k = 0u; k < p.classes; k++) {
      let target_k = rest + select(0.0, 1.0 - p.smoothing, i32(k) == labels[r]);
      let logarithm = logits[row + k] - level;
      own -= target_k * logarithm;
      gradient[row + k] = (exp(logarithm) - target_k) / f32(p.rows);
    }
  }
  ${SUM}
  if (index == 0u) { loss[0] = shared_sums[0] / f32(p.rows); }`,
});

const scale = flatKernel({
  name: 'scale',
  inputs: ['x', 'factor'],
  outputs: ['y'],
  params: {},
  body: 'y[i] = x[i] * factor[0];',
});

const correctKernel = new Kernel({
  name: 'countCorrect',
  inputs: ['logits', 'labels: i32'],
  outputs: ['count'],
  params: { rows: 'u32', classes: 'u32' },
  size: [INVOCATIONS, 1],
  declare: SHARED,
  body: `
  var own = 0.0;
  for (var r = index; r < p.rows; r += ${INVOCATIONS}u) {
    var best = 0u;
    for (var k = 1u; k < p.classes; k++) {
      if (logits[r * p.classes + k] > logits[r * p.classes + best]) { best = k; }
    }
    if (i32(best) == labels[r]) { own += 1.0; }
  }
  ${SUM}
  if (index == 0u) { count[0] = shared_sums[0]; }`,
});

/** See Ops.crossEntropy. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, smoothing: number): tf.Scalar {
  const [rows, classes] = logits.shape;
  return withGradient([logits], (save, logits: tf.Tensor2D) => {
    const params = { rows, classes, smoothing };
    const [loss, gradient] = lossKernel.run([logits, labels], [[], logits.shape], params, [1, 1, 1]);
    save([gradient!]);
    return {
      value: loss as tf.Scalar,
      gradient: (dy: tf.Scalar, [gradient]) => scale([gradient!, dy], [logits.shape], {}),
    };
  });
}

/** See Ops.countCorrect. */
export function countCorrect(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  const [rows, classes] = logits.shape;
  return correctKernel.run([logits, labels], [[]], { rows, classes }, [1, 1, 1])[0] as tf.Scalar;
}
