import { expect, test } from 'vitest';
import type { Linear } from '../../../../server/runs/pack/linear.ts';
import { filter, mix, type Levels } from '../../../../server/runs/pack/sums.ts';
import { numbers, sizeOf, type Shape } from './frames.ts';

const next = numbers(11);
const within = (most: number): number => Math.round((2 * next() - 1) * most);
const levelsOf = (shape: Shape): Levels => ({
  shape,
  values: Uint8Array.from({ length: sizeOf(shape) }, () => Math.floor(256 * next())),
});
const linearOf = (by: Linear['by'], outputs: number, each: number, most: number, shift: number): Linear => ({
  ...{ by, reach: by === 'mix' ? 0 : (Math.sqrt(each) - 1) / 2, shift },
  weights: Int32Array.from({ length: outputs * each }, () => within(most)),
  bias: Int32Array.from({ length: outputs }, () => within(most)),
});

/** What a sum of integers in units of 2^-shift is as a level. */
const levelOf = (sum: bigint, shift: number): number => {
  const half = shift > 0 ? 1n << BigInt(shift - 1) : 0n;
  const level = (sum + half) >> BigInt(shift);
  return level > 255n ? 255 : level > 0n ? Number(level) : 0;
};

/** Weights whose sums fit into 32 bits, that nearly fill them, and that go far beyond. */
const SIZES = [
  ['small', 40, 7],
  ['small without a unit', 3, 0],
  ['as large as 32 bits allow', 2 ** 22, 20],
  ['beyond 32 bits', 2 ** 31 - 1, 30],
] as const;

test.each(SIZES)(
  'mixed levels are the rounded sums over all channels where weights are %s',
  (_, most, shift) => {
    for (const [probes, channels, outputs, height, width] of [
      [1, 1, 1, 1, 1],
      [2, 3, 5, 2, 3],
      [3, 4, 4, 4, 4],
      [2, 9, 6, 3, 5],
      [0, 4, 4, 2, 2],
      [1, 2, 0, 2, 2],
    ] as const) {
      const source = levelsOf([probes, channels, height, width]);
      const linear = linearOf('mix', outputs, channels, most, shift);
      const plane = height * width;
      const expected = Uint8Array.from({ length: probes * outputs * plane }, (_, at) => {
        const [p, d, i] = [Math.floor(at / (outputs * plane)), Math.floor(at / plane) % outputs, at % plane];
        let sum = BigInt(linear.bias[d]!);
        for (let c = 0; c < channels; c++)
          sum +=
            BigInt(linear.weights[d * channels + c]!) *
            BigInt(source.values[(p * channels + c) * plane + i]!);
        return levelOf(sum, shift);
      });
      expect(mix(source, linear)).toEqual(expected);
    }
  },
);

test.each(SIZES)(
  'filtered levels are the rounded sums over neighbours where weights are %s',
  (_, most, shift) => {
    for (const shape of [
      [1, 1, 1, 1],
      [2, 3, 2, 2],
      [1, 2, 5, 7],
      [2, 2, 8, 8],
      [0, 2, 4, 4],
    ] as Shape[])
      for (const reach of [0, 1, 3]) {
        const [, channels, height, width] = shape;
        const source = levelsOf(shape);
        const side = 2 * reach + 1;
        const linear = linearOf('filter', channels, side * side, most, shift);
        const expected = source.values.map((_, at) => {
          const map = Math.floor(at / (height * width));
          const [y, x] = [Math.floor(at / width) % height, at % width];
          const c = map % channels;
          let sum = BigInt(linear.bias[c]!);
          for (let k = 0; k < side * side; k++) {
            const [row, column] = [y + Math.floor(k / side) - reach, x + (k % side) - reach];
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            sum +=
              BigInt(linear.weights[c * side * side + k]!) *
              BigInt(source.values[(map * height + row) * width + column]!);
          }
          return levelOf(sum, shift);
        });
        expect(filter(source, linear)).toEqual(expected);
      }
  },
);
