import { expect, test } from 'vitest';
import { chooseProbes } from '../../../server/training/probes.ts';
import { TINY_DATA } from './tiny.ts';

const CLASSES = TINY_DATA.shape.classes;

test('by default one test image of each class is drawn, in the order of the classes', () => {
  const { infos, images } = chooseProbes(TINY_DATA, 1, 7);
  expect(infos).toEqual(CLASSES.map((className, i) => ({ index: i, label: i, className })));
  expect(images.length).toBe(CLASSES.length * 32 * 32 * 3);
});

test('each probe is a test image of its class', () => {
  const { infos, images } = chooseProbes(TINY_DATA, 2, 7);
  const pixels = 32 * 32 * 3;
  const { test: split } = TINY_DATA;
  expect(infos.length).toBe(14);
  const found = infos.map(({ index, label }) => {
    const image = Buffer.from(images.subarray(index * pixels, (index + 1) * pixels));
    const at = [...split.labels.keys()].find((i) =>
      image.equals(split.images.subarray(i * pixels, (i + 1) * pixels)),
    );
    expect(split.labels[at!]).toBe(label);
    return at;
  });
  expect(new Set(found).size).toBe(14);
});

test('the same seed draws the same probes, and among several seeds some draw others', () => {
  const drawn = [1, 2, 3, 4].map((seed) =>
    Buffer.from(chooseProbes(TINY_DATA, 1, seed).images).toString('base64'),
  );
  expect(Buffer.from(chooseProbes(TINY_DATA, 1, 1).images).toString('base64')).toBe(drawn[0]);
  expect(new Set(drawn).size).toBeGreaterThan(1);
});

test('a class with fewer images than asked for gives what it has', () => {
  expect(chooseProbes(TINY_DATA, 5, 1).infos.length).toBe(14);
});

test('an empty test split is refused with the field that emptied it', () => {
  const empty = { ...TINY_DATA, test: { images: new Uint8Array(0), labels: new Uint16Array(0) } };
  expect(() => chooseProbes(empty, 1, 1)).toThrow(/test split of shapes is empty/);
});
