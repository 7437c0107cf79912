import { expect, test } from 'vitest';
import type { DatasetShape } from '../../../shared/presets.ts';
import { BatchSource, normalisation, toInput } from '../../../server/datasets/batches.ts';
import type { Split } from '../../../server/datasets/dataset.ts';
import { Random } from '../../../server/random.ts';

/** Images of 2×2 pixels with one channel: image i holds 10i, 10i + 1 / 10i + 2, 10i + 3. */
function tiny(count: number): { split: Split; shape: DatasetShape } {
  const images = Uint8Array.from({ length: count * 4 }, (_, at) => 10 * (at >> 2) + (at & 3));
  return {
    split: { images, labels: Uint16Array.from({ length: count }, (_, i) => i) },
    shape: {
      id: 'shapes',
      inputSize: 2,
      inputChannels: 1,
      classes: Array.from({ length: count }, (_, i) => `class ${i}`),
      allowsFlip: true,
      allowsCrop: true,
    },
  };
}

const PLAIN = { mean: [0], std: [1 / 255] }; // leaves byte values as they are

function source(count: number, options: { batchSize: number; flip?: boolean; crop?: number; seed?: number }) {
  const { split, shape } = tiny(count);
  return new BatchSource(split, shape, {
    batchSize: options.batchSize,
    flip: options.flip ?? false,
    crop: options.crop ?? 0,
    normalisation: PLAIN,
    random: Random.seeded(options.seed ?? 1, 'batches'),
  });
}

const rounded = (x: Float32Array): number[] => [...x].map((v) => Math.round(v));

test('mean and deviation are those of each channel', () => {
  const split = { images: Uint8Array.from([0, 51, 255, 51, 0, 51, 255, 51]), labels: new Uint16Array(2) };
  const { mean, std } = normalisation(split, 2);
  expect(mean[0]).toBeCloseTo(0.5, 12);
  expect(std[0]).toBeCloseTo(0.5, 12);
  expect(mean[1]).toBeCloseTo(0.2, 12);
  expect(std[1]).toBe(1); // never varies: nothing to divide by
});

test('input is (v / 255 - mean) / std and is written where it is asked to be', () => {
  const n = { mean: [0.5, 0.2], std: [0.25, 2] };
  const out = new Float32Array(4);
  expect(toInput(Uint8Array.from([0, 51, 255, 255]), n, out)).toBe(out);
  [-2, 0, 2, 0.4].forEach((value, i) => expect(out[i]).toBeCloseTo(value, 6));
});

test('an epoch gives every image once, in an order that changes from epoch to epoch', () => {
  const batches = source(20, { batchSize: 8 });
  const epoch = (): number[] => {
    batches.startEpoch();
    return Array.from({ length: batches.stepsPerEpoch }, () => [...batches.next().labels]).flat();
  };
  const [first, second] = [epoch(), epoch()];
  expect(batches.stepsPerEpoch).toBe(3);
  expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect([...second].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(second).not.toEqual(first);
});

test('a last batch of one image is left out, one of two is kept', () => {
  expect(source(17, { batchSize: 8 }).stepsPerEpoch).toBe(2);
  const batches = source(18, { batchSize: 8 });
  expect(batches.stepsPerEpoch).toBe(3);
  batches.startEpoch();
  expect([batches.next().count, batches.next().count, batches.next().count]).toEqual([8, 8, 2]);
  expect(() => batches.next()).toThrow(/startEpoch/);
});

test('without augmentation pixels arrive as they are', () => {
  const batches = source(4, { batchSize: 4 });
  batches.startEpoch();
  const { x, labels } = batches.next();
  const expected = [...labels].flatMap((i) => [0, 1, 2, 3].map((pixel) => 10 * i + pixel));
  expect(rounded(x)).toEqual(expected);
});

test('flipping mirrors left to right, about every other image', () => {
  const batches = source(20, { batchSize: 20, flip: true });
  let mirrored = 0;
  for (let epoch = 0; epoch < 50; epoch++) {
    batches.startEpoch();
    const { x, labels } = batches.next();
    labels.forEach((label, i) => {
      const pixels = rounded(x.subarray(4 * i, 4 * i + 4)).map((v) => v - 10 * label);
      if (pixels[0] === 1) mirrored++;
      expect(pixels).toEqual(pixels[0] === 1 ? [1, 0, 3, 2] : [0, 1, 2, 3]);
    });
  }
  expect(mirrored).toBeGreaterThan(400);
  expect(mirrored).toBeLessThan(600);
});

test('cropping shifts by up to its pixels and repeats the border', () => {
  const batches = source(20, { batchSize: 20, crop: 1 });
  const seen = new Set<string>();
  for (let epoch = 0; epoch < 20; epoch++) {
    batches.startEpoch();
    const { x, labels } = batches.next();
    labels.forEach((label, i) =>
      seen.add(
        rounded(x.subarray(4 * i, 4 * i + 4))
          .map((v) => v - 10 * label)
          .join(''),
      ),
    );
  }
  // Rows and columns each stay (01), repeat the first (00) or repeat the last (11).
  const picks = [
    [0, 1],
    [0, 0],
    [1, 1],
  ];
  const expected = picks.flatMap((rows) =>
    picks.map((columns) => rows.flatMap((y) => columns.map((x) => 2 * y + x)).join('')),
  );
  expect([...seen].sort()).toEqual(expected.sort());
});

test('a source put into a stored state goes on with the very same batches', () => {
  const options = { batchSize: 4, flip: true, crop: 1 };
  const original = source(14, options);
  original.startEpoch();
  original.next();
  const state = JSON.parse(JSON.stringify(original.state));
  const resumed = source(14, { ...options, seed: 99 });
  resumed.state = state;
  for (let step = 1; step < original.stepsPerEpoch; step++) expect(resumed.next()).toEqual(original.next());
  original.startEpoch();
  resumed.startEpoch();
  expect(resumed.next()).toEqual(original.next());
});

test('a split of one image is refused by name', () => {
  expect(() => source(1, { batchSize: 4 })).toThrow(/shapes has 1 images; at least 2/);
});
