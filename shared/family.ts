/** The family of the paper (arXiv 2305.12972): vanillanet-5 to -13, and -13 one and a half times as wide. */
import type { NetworkConfig } from './config.ts';
import { ScopeError } from './errors.ts';

interface Member {
  name: string;
  /** Widths in units of 64 channels: the stem's, then each stage's. */
  widths: readonly number[];
  strides: readonly number[];
}

/** 512 channels for as many stages as the depth asks for, between a fixed beginning and end. */
function deep(name: string, wide: number, factor = 1): Member {
  const middle = Array.from({ length: wide }, () => 32);
  return {
    name,
    widths: [8, 8, 16, ...middle, 64, 64].map((w) => w * factor),
    strides: [1, 2, 2, ...Array.from({ length: wide - 1 }, () => 1), 2, 1],
  };
}

const MEMBERS: readonly Member[] = [
  { name: 'vanillanet-5', widths: [8, 16, 32, 64], strides: [2, 2, 2] },
  { name: 'vanillanet-6', widths: [8, 16, 32, 64, 64], strides: [2, 2, 2, 1] },
  { name: 'vanillanet-7', widths: [8, 8, 16, 32, 64, 64], strides: [1, 2, 2, 2, 1] },
  ...[2, 3, 4, 5, 6, 7].map((wide) => deep(`vanillanet-${wide + 6}`, wide)),
  deep('vanillanet-13-1.5x', 7, 1.5),
];

export const FAMILY: readonly string[] = MEMBERS.map(({ name }) => name);

export interface FamilyOptions {
  /** Every width is multiplied by this and rounded; 1 is the paper's. */
  width: number;
  stemStride: 1 | 2 | 4;
  inputSize: number;
  inputChannels: number;
  classes: number;
  /** Number of the series activation: 3 is the paper's, a kernel of 7×7. */
  n: number;
}

const PAPER: FamilyOptions = {
  width: 1,
  stemStride: 4,
  inputSize: 224,
  inputChannels: 3,
  classes: 1000,
  n: 3,
};

/** A member of the family; what is left out is as in the paper. Throws NOT_FOUND naming the members, INVALID_CONFIG
 * for a width multiplier that leaves no channels. */
export function familyNetwork(name: string, options: Partial<FamilyOptions> = {}): NetworkConfig {
  const member = MEMBERS.find((m) => m.name === name);
  if (!member)
    throw new ScopeError('NOT_FOUND', `network '${name}' is unknown; valid are ${FAMILY.join(', ')}`, {
      field: 'network',
    });
  const { width, stemStride, inputSize, inputChannels, classes, n } = { ...PAPER, ...options };
  const dims = member.widths.map((units) => Math.round(units * 64 * width));
  if (!dims.every((d) => d >= 1))
    throw new ScopeError(
      'INVALID_CONFIG',
      `width is ${width}; a multiplier that leaves at least one channel is valid`,
      {
        field: 'width',
      },
    );
  return {
    inputSize,
    inputChannels,
    classes,
    stemStride,
    dims,
    strides: [...member.strides],
    activation: { kind: 'series', n },
    bnEpsilon: 1e-6,
    bnMomentum: 0.1,
  };
}
