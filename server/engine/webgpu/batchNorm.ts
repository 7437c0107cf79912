/** Batch normalisation and the annealed activation that may follow it: two passes over the activations forward and two
 * back. */
import type * as tf from '@tensorflow/tfjs-core';
import type { BatchNormResult } from '../../nn/ops.ts';
import { withGradient } from '../../nn/portable/gradient.ts';
import { columnSums, columnTotals } from './columns.ts';
import { flatKernel } from './kernel.ts';

// Sums of squares lose the digits that a large mean takes: the first row stands near the mean.
const squares = columnSums({
  name: 'squares',
  inputs: ['x'],
  params: {},
  sums: 2,
  before: 'let pivot = x[c];',
  each: 'let d = x[at] - pivot; s0 += d; s1 += d * d;',
});

const moments = columnTotals({
  name: 'moments',
  inputs: ['x'],
  outputs: { mean: 1, variance: 1 },
  params: { rows: 'f32' },
  sums: 2,
  write: `
    let shift = s0 / p.rows;
    mean[c] = x[c] + shift;
    variance[c] = max(0.0, s1 / p.rows - shift * shift);`,
});

// A normalised value t becomes t where it is positive and slope·t elsewhere: the annealed activation that follows.
const normalise = flatKernel({
  name: 'normalise',
  inputs: ['x', 'mean', 'variance', 'gamma', 'beta'],
  outputs: ['y'],
  params: { channels: 'u32', epsilon: 'f32', slope: 'f32' },
  body: `
  let c = i % p.channels;
  let t = (x[i] - mean[c]) * (gamma[c] * inverseSqrt(variance[c] + p.epsilon)) + beta[c];
  y[i] = select(t * p.slope, t, t > 0.0);`,
});

const products = columnSums({
  name: 'products',
  inputs: ['dy', 'x', 'mean', 'variance', 'gamma', 'beta'],
  params: { epsilon: 'f32', slope: 'f32' },
  sums: 2,
  before: `
    let centre = mean[c];
    let scale = gamma[c] * inverseSqrt(variance[c] + p.epsilon);
    let shift = beta[c];`,
  each: `
      let centred = x[at] - centre;
      let d = dy[at] * select(p.slope, 1.0, centred * scale + shift > 0.0);
      s0 += d;
      s1 += d * centred;`,
});

/** dβ, dγ, and of each channel what its input gradient is made of: scale, tilt, level, mean, β. */
const normGradients = columnTotals({
  name: 'normGradients',
  inputs: ['mean', 'variance', 'gamma', 'beta'],
  outputs: { d_gamma: 1, d_beta: 1, factors: 5 },
  params: { rows: 'f32', epsilon: 'f32' },
  sums: 2,
  write: `
    let inverse = inverseSqrt(variance[c] + p.epsilon);
    let scale = gamma[c] * inverse;
    d_gamma[c] = s1 * inverse;
    d_beta[c] = s0;
    factors[c] = scale;
    factors[p.channels + c] = -scale * inverse * inverse * s1 / p.rows;
    factors[2u * p.channels + c] = -scale * s0 / p.rows;
    factors[3u * p.channels + c] = mean[c];
    factors[4u * p.channels + c] = beta[c];`,
});

const normaliseGradient = flatKernel({
  name: 'normaliseGradient',
  inputs: ['dy', 'x', 'factors'],
  outputs: ['dx'],
  params: { channels: 'u32', slope: 'f32' },
  body: `
  let c = i % p.channels;
  let scale = factors[c];
  let centred = x[i] - factors[3u * p.channels + c];
  let d = dy[i] * select(p.slope, 1.0, centred * scale + factors[4u * p.channels + c] > 0.0);
  dx[i] = scale * d + factors[p.channels + c] * centred + factors[2u * p.channels + c];`,
});

/** See Ops.batchNormTrain. With x̂ the normalised x, m rows, and dt the gradient of what is normalised: dβ = Σ dt,
 * dγ = Σ dt·x̂, dx = γ/σ·(dt - dβ/m - x̂·dγ/m). */
export function batchNormTrain(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  lambda = 0,
): BatchNormResult {
  const channels = x.shape[3];
  const rows = x.size / channels;
  const slope = 1 - lambda;
  // The statistics are not differentiated: what they owe x is in the gradient of y.
  const parts = squares([x], rows, channels, {});
  const [mean, variance] = moments(parts, [x], { rows }) as [tf.Tensor1D, tf.Tensor1D];
  parts.dispose();
  const y = withGradient([x, gamma, beta], (save, x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D) => {
    const inputs = [x, mean, variance, gamma, beta];
    save(inputs);
    return {
      value: normalise(inputs, [x.shape], { channels, epsilon, slope })[0] as tf.Tensor4D,
      gradient: (dy: tf.Tensor4D, saved) => {
        const sums = products([dy, ...saved], rows, channels, { epsilon, slope });
        const [x, ...norm] = saved as [tf.Tensor4D, ...tf.Tensor1D[]];
        const [dGamma, dBeta, factors] = normGradients(sums, norm, { rows, epsilon });
        return [normaliseGradient([dy, x, factors!], [x.shape], { channels, slope })[0]!, dGamma!, dBeta!];
      },
    };
  });
  return { y, mean, variance };
}
