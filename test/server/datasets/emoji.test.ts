import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dataset } from '../../../server/datasets/dataset.ts';
import { EMOJI, loadEmoji } from '../../../server/datasets/emoji.ts';
import { GROUPS, readIcons } from '../../../server/datasets/emoji-icons.ts';

let cacheDir: string;
let first: Dataset;
const progress: [string, number | null][] = [];

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'emoji-'));
  await writeFile(join(cacheDir, 'emoji.bin'), 'VSE1 damaged');
  first = await loadEmoji({ cacheDir, onProgress: (what, fraction) => progress.push([what, fraction]) });
}, 120_000);
afterAll(() => rm(cacheDir, { recursive: true }));

test('a damaged cache is drawn anew, with progress up to the last icon', () => {
  const images = first.train.labels.length + first.test.labels.length;
  expect(progress.at(-1)).toEqual([`drawing emoji ${images} / ${images}`, 1]);
  const fractions = progress.map(([, fraction]) => fraction ?? 0);
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
});

test('the second time they come from the cache, the same, without drawing', async () => {
  const again = await loadEmoji({
    cacheDir,
    onProgress: (what) => {
      throw new Error(`drew again: ${what}`);
    },
  });
  for (const split of ['train', 'test'] as const) {
    expect(Buffer.compare(again[split].images, first[split].images)).toBe(0);
    expect(again[split].labels).toEqual(first[split].labels);
  }
});

test('a cache folder that cannot be written costs the cache, not the data', async () => {
  const seen: string[] = [];
  const file = join(cacheDir, 'a-file');
  await writeFile(file, '');
  const again = await loadEmoji({ cacheDir: file, onProgress: (what) => seen.push(what) });
  expect(again.test.labels.length).toBe(first.test.labels.length);
  expect(seen.at(-1)).toMatch(/emoji can't be kept: .*a-file/);
});

test('every group has images in both splits, about 1,600 a vendor', () => {
  expect(first.test.labels.length).toBeGreaterThan(1500);
  expect(first.train.labels.length).toBeGreaterThan(3 * 1400);
  for (const split of [first.train, first.test])
    for (const label of GROUPS.keys())
      expect(split.labels.filter((l) => l === label).length).toBeGreaterThan(20);
  expect(EMOJI.classes).toHaveLength(9);
});

test('icons are drawn on white: a smiling face is yellow in the middle and white in the corners', async () => {
  const icons = await readIcons('twemoji');
  const at = icons.findIndex((icon) => icon.name === 'slightly-smiling-face');
  const pixel = (x: number, y: number): number[] => {
    const from = at * 3072 + (y * 32 + x) * 3;
    return [...first.test.images.subarray(from, from + 3)];
  };
  expect(GROUPS[first.test.labels[at]!]).toBe('Smileys & Emotion');
  expect(pixel(0, 0)).toEqual([255, 255, 255]);
  expect(pixel(31, 31)).toEqual([255, 255, 255]);
  const [red, green, blue] = pixel(16, 17) as [number, number, number];
  expect(Math.min(red, green)).toBeGreaterThan(blue + 80);
});

test('skin tones and the extras of OpenMoji are left out, whatever the vendor calls them', async () => {
  const fluent = (await readIcons('fluent-emoji-flat')).map((icon) => icon.name);
  expect(fluent).toContain('artist');
  expect(fluent).toContain('headstone');
  expect(fluent).not.toContain('artist-medium-dark');
  const openmoji = (await readIcons('openmoji')).map((icon) => icon.name);
  expect(openmoji).toContain('artist');
  expect(openmoji).not.toContain('artist-dark-skin-tone');
  expect(openmoji).not.toContain('3d-printer');
});
