/** Small networks for tests. */
import type { NetworkConfig } from '../../../shared/config.ts';

/** Stem stride 4, a stage without pooling and one with a remainder. */
export const SERIES: NetworkConfig = {
  inputSize: 21,
  inputChannels: 3,
  classes: 4,
  stemStride: 4,
  dims: [4, 6, 5],
  strides: [1, 2],
  activation: { kind: 'series', n: 1 },
  bnEpsilon: 1e-6,
  bnMomentum: 0.1,
};

export const SHIFTED: NetworkConfig = {
  ...SERIES,
  inputSize: 10,
  stemStride: 2,
  strides: [2, 1],
  activation: { kind: 'shifted', n: 3 },
};

export const RELU: NetworkConfig = {
  ...SERIES,
  inputSize: 8,
  stemStride: 1,
  dims: [3, 4],
  strides: [2],
  activation: { kind: 'relu' },
};

export const NETWORKS = { series: SERIES, shifted: SHIFTED, relu: RELU } as const;
