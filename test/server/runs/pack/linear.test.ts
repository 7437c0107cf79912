import { expect, test } from 'vitest';
import { fitLinear, foretellLinear } from '../../../../server/runs/pack/linear.ts';
import type { FrameTap } from '../../../../shared/frame.ts';
import { numbers, sizeOf, type Shape } from './frames.ts';

function levels(shape: Shape, of: (at: number) => number): FrameTap {
  const range = new Float32Array(shape[1]);
  const values = Uint8Array.from({ length: sizeOf(shape) }, (_, at) => of(at));
  return { id: 'tap', shape, encoding: 'u8', minimum: range, maximum: range, values };
}
const noise = (shape: Shape, most = 100): FrameTap => {
  const next = numbers(5);
  return levels(shape, () => Math.floor(most * next()));
};

/** Levels of [P, C, H, W] by a function of probe, channel, row and column. */
function compute(shape: Shape, of: (p: number, c: number, y: number, x: number) => number): FrameTap {
  const [, channels, height, width] = shape;
  return levels(shape, (at) => {
    const x = at % width;
    const y = Math.floor(at / width) % height;
    const c = Math.floor(at / (width * height)) % channels;
    return of(Math.floor(at / (width * height * channels)), c, y, x);
  });
}

test('levels that are a 1×1 convolution of others are foretold exactly', () => {
  const source = noise([4, 3, 6, 5]);
  const at = (p: number, c: number, y: number, x: number): number =>
    source.values[((p * 3 + c) * 6 + y) * 5 + x]!;
  const target = compute([4, 2, 6, 5], (p, c, y, x) =>
    Math.round(
      c === 0
        ? 0.5 * at(p, 0, y, x) + 0.75 * at(p, 2, y, x) + 20
        : 120 + at(p, 1, y, x) - 0.25 * at(p, 0, y, x),
    ),
  );
  const [linear] = fitLinear(source, target, 'mix', 0, [9]);
  const foretold = foretellLinear(source, linear!);
  // Rounding of halves is all that may differ.
  expect(foretold.filter((level, i) => Math.abs(level - target.values[i]!) > 1)).toEqual(new Uint8Array(0));
  expect(foretold.filter((level, i) => level !== target.values[i]).length).toBeLessThan(foretold.length / 4);
});

test.each([1, 2, 3])('levels that are a filter of reach %i are foretold, up to the edges', (reach) => {
  const shape: Shape = [6, 2, 9, 7];
  const source = noise(shape, 60);
  const side = 2 * reach + 1;
  // A box whose edge weighs twice; outside the map is 0.
  const target = compute(shape, (p, c, y, x) => {
    let sum = 0;
    for (let dy = -reach; dy <= reach; dy++)
      for (let dx = -reach; dx <= reach; dx++) {
        const inside = y + dy >= 0 && y + dy < 9 && x + dx >= 0 && x + dx < 7;
        const weight = Math.max(Math.abs(dy), Math.abs(dx)) === reach ? 2 : 1;
        if (inside) sum += weight * source.values[((p * 2 + c) * 9 + y + dy) * 7 + x + dx]!;
      }
    return Math.round(30 + (c + 1) * (sum / (2 * side * side)));
  });
  const [linear] = fitLinear(source, target, 'filter', reach, [10]);
  const foretold = foretellLinear(source, linear!);
  const off = foretold.map((level, i) => Math.abs(level - target.values[i]!));
  expect(Math.max(...off)).toBeLessThanOrEqual(1);
});

test('finer units foretell better, and sources that depend on each other do no harm', () => {
  const base = noise([5, 1, 6, 6]);
  // Three channels, two of them the same and one constant.
  const source = compute([5, 3, 6, 6], (p, c, y, x) => (c === 2 ? 7 : base.values[(p * 6 + y) * 6 + x]!));
  const target = compute([5, 1, 6, 6], (p, _, y, x) =>
    Math.round(0.37 * source.values[(p * 3 * 6 + y) * 6 + x]! + 11),
  );
  const missed = [2, 4, 9].map((shift) => {
    const [linear] = fitLinear(source, target, 'mix', 0, [shift]);
    const foretold = foretellLinear(source, linear!);
    return foretold.reduce((sum, level, i) => sum + Math.abs(level - target.values[i]!), 0);
  });
  expect(missed[0]!).toBeGreaterThanOrEqual(missed[1]!);
  expect(missed[1]!).toBeGreaterThanOrEqual(missed[2]!);
  expect(missed[2]!).toBeLessThan(target.values.length / 10);
});

test('levels stay within a byte, whatever the weights say', () => {
  const source = noise([1, 1, 4, 4]);
  const weights = (w: number, b: number): Uint8Array =>
    foretellLinear(source, {
      ...{ by: 'mix', reach: 0, shift: 0 },
      weights: Int32Array.of(w),
      bias: Int32Array.of(b),
    });
  expect(weights(2 ** 30, 2 ** 30)).toEqual(new Uint8Array(16).fill(255));
  expect(weights(-(2 ** 30), -1)).toEqual(new Uint8Array(16));
});
