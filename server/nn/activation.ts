/** The activation at the end of a block: a series of ReLUs in one of two forms, or one ReLU. */
import type * as tf from '@tensorflow/tfjs-core';
import type { ActivationConfig } from '../../shared/config.ts';
import type { Random } from '../random.ts';
import type { BatchNorm, BatchNormOptions } from './batchNorm.ts';
import type { Pass } from './conv.ts';
import { ops } from './ops.ts';
import { SeriesActivation } from './series.ts';
import { ShiftedActivation } from './shifted.ts';
import type { Taps } from './taps.ts';
import type { NamedVariable } from './variables.ts';

export interface Activation {
  /** x [N,H,W,C] → [N,H,W,C]; fires `${block}.relu` where there is such a value. */
  apply(x: tf.Tensor4D, pass: Pass, taps: Taps, block: string): tf.Tensor4D;
  /** Folds the normalisation into what it follows. */
  merge(): void;
  norms(): BatchNorm[];
  variables(): NamedVariable[];
}

const relu: Activation = {
  apply: (x) => ops().annealed(x, 1),
  merge: () => undefined,
  norms: () => [],
  variables: () => [],
};

export function createActivation(
  config: ActivationConfig,
  channels: number,
  norm: BatchNormOptions,
  random: Random | null,
): Activation {
  switch (config.kind) {
    case 'series':
      return new SeriesActivation(channels, config.n, norm, random);
    case 'shifted':
      return new ShiftedActivation(channels, config.n, norm, random);
    case 'relu':
      return relu;
  }
}
