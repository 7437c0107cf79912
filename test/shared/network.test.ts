import { describe, expect, test } from 'vitest';
import type { NetworkConfig } from '../../shared/config.ts';
import { checkNetwork, describeBlocks, describeTaps, stemPadding, stemSize } from '../../shared/network.ts';

const NETWORK: NetworkConfig = {
  inputSize: 32,
  inputChannels: 3,
  classes: 10,
  stemStride: 2,
  dims: [8, 16, 24],
  strides: [2, 1],
  activation: { kind: 'series', n: 1 },
  bnEpsilon: 1e-6,
  bnMomentum: 0.1,
};

test.each([
  [4, 32, 8],
  [4, 21, 5],
  [2, 32, 16],
  [1, 32, 32],
  [1, 9, 9],
] as const)('a stem of stride %i turns %i pixels into %i', (stemStride, inputSize, size) => {
  expect(stemSize({ ...NETWORK, stemStride, inputSize })).toBe(size);
  const [before, after] = stemPadding(stemStride);
  expect(Math.floor((inputSize + before + after - 4) / stemStride) + 1).toBe(size);
});

test('the blocks follow the data, with their widths and the shapes of their taps', () => {
  const blocks = describeBlocks(NETWORK);
  expect(blocks.map(({ id, channelsIn, channelsOut }) => [id, channelsIn, channelsOut])).toEqual([
    ['stem', 3, 8],
    ['stages.0', 8, 16],
    ['stages.1', 16, 24],
    ['head', 24, 10],
  ]);
  expect(blocks[1]!.taps.map(({ id, shape }) => [id, ...shape])).toEqual([
    ['stages.0.pre', 16, 16, 8],
    ['stages.0.act', 16, 16, 8],
    ['stages.0.conv2', 16, 16, 16],
    ['stages.0.pool', 8, 8, 16],
    ['stages.0.relu', 8, 8, 16],
    ['stages.0.out', 8, 8, 16],
  ]);
});

test('taps inside a pair are gone once it is merged, pooling and ReLU have taps only where they happen', () => {
  const ids = (network: NetworkConfig, merged: boolean): string[] =>
    describeTaps(network, merged).map(({ id }) => id);
  expect(ids(NETWORK, true).filter((id) => /\.(pre|act)$/.test(id))).toEqual([]);
  expect(ids(NETWORK, false)).toContain('stages.1.pre');
  expect(ids(NETWORK, false)).not.toContain('stages.1.pool');
  expect(ids({ ...NETWORK, activation: { kind: 'relu' } }, false)).not.toContain('stem.relu');
});

describe('a configuration that does not fit together is refused, naming the field', () => {
  test.each([
    ['strides of another number', { strides: [2] }, 'network.strides has 1 entries; 3 widths need 2'],
    [
      'pooling to nothing',
      { strides: [4, 4], inputSize: 16 },
      'network.strides[1]: pooling 4×4 leaves nothing',
    ],
  ])('%s', (_what, change, message) => {
    expect(() => checkNetwork({ ...NETWORK, ...change })).toThrow(message);
  });
});
