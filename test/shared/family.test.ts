import { expect, test } from 'vitest';
import { countFlops, countLayers, countParameters } from '../../shared/cost.ts';
import { FAMILY, familyNetwork } from '../../shared/family.ts';
import { checkNetwork, describeBlocks } from '../../shared/network.ts';

/** The paper's table: layers, parameters in millions, operations in billions, at 224×224 and 1000 classes. */
const PUBLISHED = [
  ['vanillanet-5', 5, '15.5', '5.2'],
  ['vanillanet-6', 6, '32.5', '6.0'],
  ['vanillanet-7', 7, '32.8', '6.9'],
  ['vanillanet-8', 8, '37.1', '7.7'],
  ['vanillanet-9', 9, '41.4', '8.6'],
  ['vanillanet-10', 10, '45.7', '9.4'],
  ['vanillanet-11', 11, '50.0', '10.3'],
  ['vanillanet-12', 12, '54.3', '11.1'],
  ['vanillanet-13', 13, '58.6', '11.9'],
  ['vanillanet-13-1.5x', 13, '127.8', '26.5'],
] as const;

test('the family is the published one, in its order', () => {
  expect(FAMILY).toEqual(PUBLISHED.map(([name]) => name));
});

test.each(PUBLISHED)(
  'merged, %s has %i layers, %s million parameters and %s billion operations',
  (...row) => {
    const [name, layers, parameters, flops] = row;
    const network = familyNetwork(name);
    checkNetwork(network);
    expect(countLayers(network, true)).toBe(layers);
    expect((countParameters(network, true) / 1e6).toFixed(1)).toBe(parameters);
    expect((countFlops(network, true) / 1e9).toFixed(1)).toBe(flops);
  },
);

test('a width multiplier, a stem stride, an input size and classes make a small member', () => {
  const network = familyNetwork('vanillanet-7', {
    width: 1 / 8,
    stemStride: 2,
    inputSize: 32,
    classes: 9,
    n: 1,
  });
  expect(network.dims).toEqual([64, 64, 128, 256, 512, 512]);
  expect(describeBlocks(network).at(-2)!.taps.at(-1)!.shape).toEqual([2, 2, 512]);
  expect(network.activation).toEqual({ kind: 'series', n: 1 });
});

test('an unknown member and a multiplier that leaves nothing are refused', () => {
  expect(() => familyNetwork('vanillanet-4')).toThrow('vanillanet-13-1.5x');
  expect(() => familyNetwork('vanillanet-5', { width: 0.0001 })).toThrow('width is 0.0001');
});
