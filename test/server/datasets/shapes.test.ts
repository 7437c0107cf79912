import { expect, test } from 'vitest';
import { loadShapes, SHAPES } from '../../../server/datasets/shapes.ts';

const first = loadShapes(1);

test('the same seed draws the same images, another seed draws others', () => {
  const again = loadShapes(1);
  expect(Buffer.compare(again.train.images, first.train.images)).toBe(0);
  expect(Buffer.compare(again.test.images, first.test.images)).toBe(0);
  expect(Buffer.compare(loadShapes(2).test.images, first.test.images)).not.toBe(0);
});

test('the splits have 2,000 and 400 images, every class as often as any other', () => {
  for (const [split, images] of [
    [first.train, 2000],
    [first.test, 400],
  ] as const) {
    expect(split.labels).toHaveLength(images);
    expect(split.images).toHaveLength(images * 32 * 32 * 3);
    const counts = SHAPES.classes.map((_, c) => split.labels.filter((label) => label === c).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});

test('training and test images share nothing', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 2000; i++)
    seen.add(Buffer.from(first.train.images.subarray(i * 3072, i * 3072 + 64)).toString('hex'));
  for (let i = 0; i < 400; i++)
    expect(seen.has(Buffer.from(first.test.images.subarray(i * 3072, i * 3072 + 64)).toString('hex'))).toBe(
      false,
    );
});

/** Share of an image's pixels that are nearer to its brightest deviation from the corner's colour than to it. */
function covered(image: Uint8Array): number {
  const distance = Array.from({ length: 1024 }, (_, i) =>
    Math.hypot(...[0, 1, 2].map((c) => image[3 * i + c]! - image[c]!)),
  );
  const most = Math.max(...distance);
  return distance.filter((d) => d > most / 2).length / 1024;
}

test('a circle covers more of its image than a ring, a square more than a star', () => {
  const mean = (name: string): number => {
    const images = [...first.train.labels.keys()].filter(
      (i) => SHAPES.classes[first.train.labels[i]!] === name,
    );
    return (
      images.reduce((sum, i) => sum + covered(first.train.images.subarray(i * 3072, (i + 1) * 3072)), 0) /
      images.length
    );
  };
  expect(mean('circle')).toBeGreaterThan(1.2 * mean('ring'));
  expect(mean('square')).toBeGreaterThan(1.2 * mean('star'));
});
