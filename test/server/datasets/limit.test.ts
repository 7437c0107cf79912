import { expect, test } from 'vitest';
import { limitSplit } from '../../../server/datasets/limit.ts';
import { Random } from '../../../server/random.ts';

/** Images of one pixel with three channels that hold the image's number; classes in blocks of the given sizes. */
function blocks(sizes: readonly number[]) {
  const labels = Uint16Array.from(sizes.flatMap((size, label) => Array<number>(size).fill(label)));
  return { labels, images: Uint8Array.from({ length: 3 * labels.length }, (_, at) => Math.floor(at / 3)) };
}

const counts = (labels: Uint16Array, classes: number): number[] =>
  Array.from({ length: classes }, (_, c) => labels.filter((label) => label === c).length);

test('a limit is spread evenly over the classes and goes on with the others when one runs out', () => {
  const split = blocks([50, 3, 40]);
  expect(counts(limitSplit(split, 9, 3, Random.seeded(1, 'x')).labels, 3)).toEqual([3, 3, 3]);
  expect(counts(limitSplit(split, 23, 3, Random.seeded(1, 'x')).labels, 3)).toEqual([10, 3, 10]);
});

test('pixels stay with their labels, and the images kept stay in order', () => {
  const part = limitSplit(blocks([30, 30]), 20, 2, Random.seeded(1, 'x'));
  const kept = [...part.labels.keys()].map((i) => part.images[3 * i]!);
  expect(kept).toEqual([...kept].sort((a, b) => a - b));
  expect(new Set(kept).size).toBe(20);
  kept.forEach((image, i) => {
    expect(part.labels[i]).toBe(image < 30 ? 0 : 1);
    expect([...part.images.subarray(3 * i, 3 * i + 3)]).toEqual([image, image, image]);
  });
});

test('the same seed keeps the same images, another seed others', () => {
  const split = blocks([100, 100]);
  const kept = (seed: number): number[] => [...limitSplit(split, 10, 2, Random.seeded(seed, 'x')).images];
  expect(kept(1)).toEqual(kept(1));
  expect(kept(1)).not.toEqual(kept(2));
});

test('no limit and a limit beyond the end keep the split itself', () => {
  const split = blocks([2, 2]);
  expect(limitSplit(split, null, 2, Random.seeded(1, 'x'))).toBe(split);
  expect(limitSplit(split, 5, 2, Random.seeded(1, 'x'))).toBe(split);
});
