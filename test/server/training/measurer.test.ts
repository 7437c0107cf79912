import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import type { NetworkConfig } from '../../../shared/config.ts';
import {
  contrast,
  deadFraction,
  effectiveRank,
  entropy,
  gramMatrix,
  highFrequencyShare,
  linearCka,
  totalVariation,
} from '../../../shared/measures.ts';
import { describeTaps } from '../../../shared/network.ts';
import { decodeSafetensors } from '../../../shared/safetensors.ts';
import { toInput } from '../../../server/datasets/batches.ts';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { Random } from '../../../server/random.ts';
import { symmetricEigenvalues } from '../../../server/training/eigenvalues.ts';
import { evaluate } from '../../../server/training/evaluate.ts';
import {
  averagingFactor,
  MEASURED_IMAGES,
  Measurer,
  type Measured,
} from '../../../server/training/measurer.ts';
import { useWasm } from './backend.ts';
import { TINY_DATA, tinyConfig } from './tiny.ts';

beforeAll(useWasm);

const NORMALISATION = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.25] };
const COUNT = TINY_DATA.test.labels.length;
const input = (): tf.Tensor4D =>
  tf.tensor4d(toInput(TINY_DATA.test.images, NORMALISATION), [COUNT, 32, 32, 3]);

/** A network whose running statistics fit its activations. */
function network(changes: Partial<NetworkConfig> = {}): VanillaNet {
  const net = new VanillaNet(tinyConfig({ network: changes }).network, Random.seeded(3, 'weights'));
  const x = input();
  for (let i = 0; i < 60; i++) net.apply(x, 'train').dispose();
  x.dispose();
  return net;
}

async function measure(
  net: VanillaNet,
  data = TINY_DATA,
  seed = 1,
): Promise<{ measured: Measured; turns: number }> {
  const work = new Measurer(data, NORMALISATION, seed).measure(net);
  for (let turns = 0; ; turns++) {
    const next = await work.next();
    if (next.done) return { measured: next.value, turns };
  }
}

/** A tap's values [N, C, H, W] for all test images, as a plain hook sees them. */
function tapped(
  net: VanillaNet,
  id: string,
): { values: Float32Array; shape: [number, number, number, number] } {
  const [h, w, c] = describeTaps(net.config, net.merged).find((tap) => tap.id === id)!.shape;
  let values = new Float32Array(0);
  const handle = net.registerTap(id, (_, value) => {
    const planes = tf.tidy(() => tf.transpose(tf.reshape(value, [COUNT, h, w, c]), [0, 3, 1, 2]));
    values = planes.dataSync() as Float32Array<ArrayBuffer>;
    planes.dispose();
  });
  const x = input();
  net.apply(x, 'infer').dispose();
  x.dispose();
  handle.remove();
  return { values, shape: [COUNT, c, h, w] };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

test('every block but the head is measured, in order, as measures.ts would measure its output', async () => {
  const net = network();
  const { measured, turns } = await measure(net);
  expect(measured.images).toBe(14);
  expect(measured.blocks.map((b) => b.block)).toEqual(['stem', 'stages.0', 'stages.1']);
  expect(turns).toBeGreaterThanOrEqual(4);
  for (const { block, ...found } of measured.blocks) {
    const { values, shape } = tapped(net, `${block}.out`);
    const [, channels, height, width] = shape;
    const size = height * width;
    const maps = Array.from({ length: COUNT * channels }, (_, i) =>
      values.subarray(i * size, (i + 1) * size),
    );
    const centred = Float64Array.from(values);
    const d = values.length / COUNT;
    for (let k = 0; k < d; k++) {
      const average = mean(Array.from({ length: COUNT }, (_, i) => values[i * d + k]!));
      for (let i = 0; i < COUNT; i++) centred[i * d + k]! -= average;
    }
    const eigenvalues = symmetricEigenvalues(gramMatrix(centred, COUNT), COUNT);
    const wanted = {
      contrast: mean(maps.map(contrast)),
      totalVariation: mean(maps.map((m) => totalVariation(m, height, width))),
      highFrequencyShare: mean(maps.map((m) => highFrequencyShare(m, height, width))),
      entropy: mean(maps.map(entropy)),
      deadFraction: deadFraction(tapped(net, `${block}.relu`).values, shape),
      effectiveRank: effectiveRank(eigenvalues.map((v) => Math.sqrt(Math.max(0, v)))),
    };
    for (const [name, value] of Object.entries(wanted))
      expect(found[name as keyof typeof found], `${block} ${name}`).toBeCloseTo(value, 3);
    expect(found.contrast).toBeGreaterThan(0.01);
    expect(found.effectiveRank).toBeGreaterThan(1.5);
  }
  net.dispose();
});

test('the vectors kept give the debiased linear CKA between blocks', async () => {
  const net = network();
  const { tensors, metadata } = decodeSafetensors((await measure(net)).measured.grams);
  expect(metadata).toEqual({ images: '14', blocks: 'stem,stages.0,stages.1' });
  const grams = ['stem', 'stages.1'].map((block) => gramMatrix(tapped(net, `${block}.out`).values, COUNT));
  const [a, b] = ['stem', 'stages.1'].map((block) => tensors.get(block)!.data as Float32Array);
  expect(a!.reduce((sum, v, i) => sum + v * b![i]!, 0)).toBeCloseTo(linearCka(grams[0]!, grams[1]!), 4);
  net.dispose();
});

test('the measured images are evaluated in passing: with the others they make the whole test split', async () => {
  const net = network();
  const images = new Uint8Array(150 * 3072);
  images.forEach((_, i) => (images[i] = (i * 31 + Math.floor(i / 3072) * 7) % 256));
  const test = { images, labels: Uint16Array.from({ length: 150 }, (_, i) => i % 7) };
  const { others } = new Measurer({ ...TINY_DATA, test }, NORMALISATION, 1);
  expect(others.length).toBe(22);
  const places = [...test.labels.keys()].filter((place) => !others.includes(place));
  const work = evaluate(net, test, NORMALISATION, 50, places);
  let next = await work.next();
  while (!next.done) next = await work.next();
  const { evaluation } = (await measure(net, { ...TINY_DATA, test })).measured;
  expect(evaluation.images).toBe(128);
  expect(evaluation.accuracy).toBeCloseTo(next.value.accuracy, 12);
  expect(evaluation.loss).toBeCloseTo(next.value.loss, 5);
  net.dispose();
});

test('merging at λ = 0 leaves every measure as it was', async () => {
  const net = network();
  net.lambda = 0;
  const before = (await measure(net)).measured;
  net.merge();
  const after = (await measure(net)).measured;
  after.blocks.forEach(({ block, ...measures }, i) => {
    expect(block).toBe(before.blocks[i]!.block);
    for (const [name, value] of Object.entries(measures))
      expect(value, name).toBeCloseTo(before.blocks[i]![name as 'contrast'], 2);
  });
  net.dispose();
});

const set = (net: VanillaNet, name: string, change: (values: Float32Array) => void): void => {
  const variable = net.parameters.get(name)!;
  const values = Float32Array.from(variable.dataSync());
  change(values);
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
};

test('a channel whose ReLU never opens is dead, with each kind of activation', async () => {
  for (const kind of ['series', 'relu', 'shifted'] as const) {
    const net = network({ activation: kind === 'relu' ? { kind } : { kind, n: 1 } });
    const dead = async (): Promise<number> => (await measure(net)).measured.blocks[1]!.deadFraction;
    const before = await dead();
    expect(before).toBeLessThan(0.9);
    // The normalisation ahead of the activation pushes every channel far below zero.
    set(net, 'stages.0.conv2.1.bias', (bias) => bias.fill(-1000));
    expect(await dead(), kind).toBe(1);
    net.dispose();
  }
});

test('128 images are drawn, the same ones with the same seed and others with another', async () => {
  expect(MEASURED_IMAGES).toBe(128);
  const net = network();
  const images = new Uint8Array(300 * 3072);
  images.forEach((_, i) => (images[i] = (i * 31 + Math.floor(i / 3072) * 7) % 256));
  const labels = Uint16Array.from({ length: 300 }, (_, i) => i % 7);
  const large = { ...TINY_DATA, test: { images, labels } };
  const [first, again] = [await measure(net, large), await measure(net, large)];
  expect(first.measured.images).toBe(128);
  expect(first.turns).toBeGreaterThanOrEqual(2 + 3);
  expect(again.measured.blocks).toEqual(first.measured.blocks);
  expect((await measure(net, large, 2)).measured.blocks).not.toEqual(first.measured.blocks);
  net.dispose();
});

test('measuring leaves no tensors and no hooks behind, also when it is given up', async () => {
  const net = network();
  await measure(net);
  const before = tf.memory().numTensors;
  await measure(net);
  expect(tf.memory().numTensors).toBe(before);
  const work = new Measurer(TINY_DATA, NORMALISATION, 1).measure(net);
  await work.next();
  await work.return(undefined as never);
  const x = input();
  net.apply(x, 'infer').dispose();
  x.dispose();
  expect(tf.memory().numTensors).toBe(before);
  net.dispose();
});

test('a value that is not finite is told with its tap', async () => {
  const net = network();
  set(net, 'stages.0.conv1.1.weight', (gamma) => (gamma[2] = NaN));
  const refused = (): Promise<void> =>
    expect(measure(net)).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: expect.stringMatching(/^tap stages\.0\.out:/),
    });
  await refused();
  const before = tf.memory().numTensors;
  await refused();
  expect(tf.memory().numTensors).toBe(before);
  net.dispose();
});

test('features beyond their bound are averaged down for the rank alone', async () => {
  const net = network();
  const whole = (await measure(net)).measured.blocks[0]!;
  // The stem has maps of 8×8×6: 60 values an image leave 3×3×6, of windows of 3, 3 and 2 pixels.
  const work = new Measurer(TINY_DATA, NORMALISATION, 1, 60 * 4 * COUNT).measure(net);
  let next = await work.next();
  while (!next.done) next = await work.next();
  const { effectiveRank: rank, ...others } = next.value.blocks[0]!;
  expect({ ...whole, effectiveRank: undefined }).toEqual({ ...others, effectiveRank: undefined });
  const { values } = tapped(net, 'stem.out');
  const windows = [
    [0, 1, 2],
    [3, 4, 5],
    [6, 7],
  ];
  const averaged = Array.from({ length: COUNT * 6 }, (_, map) =>
    windows.flatMap((rows) =>
      windows.map((columns) => mean(rows.flatMap((y) => columns.map((x) => values[map * 64 + y * 8 + x]!)))),
    ),
  ).flat();
  const d = averaged.length / COUNT;
  const means = Array.from({ length: d }, (_, k) =>
    mean(Array.from({ length: COUNT }, (_, i) => averaged[i * d + k]!)),
  );
  const centred = Float64Array.from(averaged, (v, at) => v - means[at % d]!);
  const eigenvalues = symmetricEigenvalues(gramMatrix(centred, COUNT), COUNT);
  expect(rank).toBeCloseTo(effectiveRank(eigenvalues.map((v) => Math.sqrt(Math.max(0, v)))), 3);
  expect(Math.abs(rank - whole.effectiveRank)).toBeGreaterThan(0.01);
  net.dispose();
});

test('only maps too large for the Gram matrix are averaged down, by the smallest whole factor that fits', () => {
  expect(averagingFactor([16, 16, 24], 65_536)).toBe(1);
  expect(averagingFactor([56, 56, 512], 65_536)).toBe(6);
  expect(averagingFactor([7, 7, 8192], 65_536)).toBe(4);
  expect(averagingFactor([4, 4, 100], 10)).toBe(4);
});
