/** A part of a split, evenly over its classes. */
import type { Random } from '../random.ts';
import type { Split } from './dataset.ts';

/** Places of `limit` images, or of all where there are fewer, ascending: as many of each class as of any other while
 * they last, drawn by `random`. */
export function pickEvenly(labels: Uint16Array, limit: number, classes: number, random: Random): number[] {
  if (limit >= labels.length) return [...labels.keys()];
  const byClass: number[][] = Array.from({ length: classes }, () => []);
  for (const image of random.permutation(labels.length)) byClass[labels[image]!]!.push(image);
  const kept: number[] = [];
  for (let round = 0; kept.length < limit; round++)
    for (const members of byClass)
      if (round < members.length && kept.length < limit) kept.push(members[round]!);
  return kept.sort((a, b) => a - b);
}

/** At most `limit` images, evenly over the classes; the images kept stay in their order. Null keeps all. */
export function limitSplit(split: Split, limit: number | null, classes: number, random: Random): Split {
  const images = split.labels.length;
  if (limit === null || limit >= images) return split;
  const kept = pickEvenly(split.labels, limit, classes, random);
  const size = split.images.length / images;
  const part: Split = { images: new Uint8Array(limit * size), labels: new Uint16Array(limit) };
  kept.forEach((image, i) => {
    part.images.set(split.images.subarray(image * size, (image + 1) * size), i * size);
    part.labels[i] = split.labels[image]!;
  });
  return part;
}
