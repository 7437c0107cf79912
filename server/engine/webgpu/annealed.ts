/** The annealed activation, one pass forward and one back. */
import type * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../../nn/portable/gradient.ts';
import { flatKernel } from './kernel.ts';

const leaky = flatKernel({
  name: 'leaky',
  inputs: ['x'],
  outputs: ['y'],
  params: { slope: 'f32' },
  body: 'y[i] = select(x[i] * p.slope, x[i], x[i] > 0.0);',
});

const leakyGradient = flatKernel({
  name: 'leakyGradient',
  inputs: ['dy', 'y'],
  outputs: ['dx'],
  params: { slope: 'f32' },
  body: 'dx[i] = select(dy[i] * p.slope, dy[i], y[i] > 0.0);',
});

/** See Ops.annealed. */
export function annealed(x: tf.Tensor4D, lambda: number): tf.Tensor4D {
  if (lambda === 0) return x;
  const slope = 1 - lambda;
  return withGradient([x], (save, x: tf.Tensor4D) => {
    const y = leaky([x], [x.shape], { slope })[0] as tf.Tensor4D;
    // It has the sign of x, and is kept anyway by whatever takes it as an input.
    save([y]);
    return { value: y, gradient: (dy, [y]) => leakyGradient([dy, y!], [dy.shape], { slope }) };
  });
}
