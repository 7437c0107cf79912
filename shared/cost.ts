/** What a network costs: layers, parameters and operations, deep and merged. Pure functions of a configuration. */
import type { ActivationConfig, NetworkConfig } from './config.ts';
import { stemSize } from './network.ts';

/** Side of the stem's kernel. */
const STEM_KERNEL = 4;

/** The two convolutions of one block (or of the classifier), and what follows them. */
interface Unit {
  /** Weights of the first convolution for one input and one output channel: 16 for the stem, else 1. */
  taps: number;
  inputs: number;
  middle: number;
  outputs: number;
  /** Places (rows · columns) where the convolutions and the activation compute. */
  places: number;
  placesAfterPooling: number;
  /** Null for the classifier, which has no activation and no second normalisation. */
  activation: ActivationConfig | null;
}

function units(config: NetworkConfig): Unit[] {
  const { dims, strides, activation, classes, inputChannels } = config;
  let side = stemSize(config);
  const width = dims[0]!;
  const places = side * side;
  const list: Unit[] = [
    {
      taps: STEM_KERNEL ** 2,
      inputs: inputChannels,
      middle: width,
      outputs: width,
      places,
      placesAfterPooling: places,
      activation,
    },
  ];
  strides.forEach((stride, i) => {
    const before = side * side;
    side = Math.floor(side / stride);
    const [inputs, outputs] = [dims[i]!, dims[i + 1]!];
    const after = side * side;
    list.push({
      taps: 1,
      inputs,
      middle: inputs,
      outputs,
      places: before,
      placesAfterPooling: after,
      activation,
    });
  });
  const last = dims.at(-1)!;
  list.push({
    taps: 1,
    inputs: last,
    middle: classes,
    outputs: classes,
    places: 1,
    placesAfterPooling: 1,
    activation: null,
  });
  return list;
}

/** Convolutions in a row, as the paper counts depth: the stem, the stages and the classifier, each twice while they
 * are pairs. */
export function countLayers(config: NetworkConfig, merged: boolean): number {
  return units(config).length * (merged ? 1 : 2);
}

/** Learned numbers, biases and normalisations included, running statistics not. */
export function countParameters(config: NetworkConfig, merged: boolean): number {
  return units(config).reduce((sum, unit) => sum + unitParameters(unit, merged), 0);
}

function unitParameters(unit: Unit, merged: boolean): number {
  const { taps, inputs, middle, outputs, activation } = unit;
  // A normalisation has two numbers a channel, the bias that is left of it one.
  const norm = merged ? 1 : 2;
  const series =
    activation?.kind === 'series'
      ? outputs * ((2 * activation.n + 1) ** 2 + norm)
      : activation?.kind === 'shifted'
        ? outputs * (2 * activation.n + norm)
        : 0;
  if (merged) return taps * inputs * outputs + outputs + series;
  const first = taps * inputs * middle + middle + 2 * middle;
  const second = middle * outputs + outputs + (activation ? 2 * outputs : 0);
  return first + second + series;
}

/** Operations for one image as the paper counts them: one for each multiplication with its addition, in convolutions
 * and series activations; normalisation, pooling and bias are left out. */
export function countFlops(config: NetworkConfig, merged: boolean): number {
  return units(config).reduce((sum, unit) => {
    const { taps, inputs, middle, outputs, places, placesAfterPooling, activation } = unit;
    const products = merged ? taps * inputs * outputs : taps * inputs * middle + middle * outputs;
    const series =
      activation?.kind === 'series'
        ? (2 * activation.n + 1) ** 2
        : activation?.kind === 'shifted'
          ? activation.n
          : 0;
    return sum + places * products + placesAfterPooling * outputs * series;
  }, 0);
}
