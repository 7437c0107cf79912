import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import {
  contrast,
  deadFraction,
  entropy,
  highFrequencyShare,
  totalVariation,
} from '../../../shared/measures.ts';
import { Random } from '../../../server/random.ts';
import { MapStatistics } from '../../../server/training/mapStatistics.ts';
import { lowFrequencyEnergy } from '../../../server/training/spectrum.ts';
import { useWasm } from './backend.ts';

beforeAll(useWasm);

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

async function lowOf(maps: Float32Array, height: number, width: number): Promise<Float32Array> {
  const count = maps.length / height / width;
  const energy = tf.tidy(() => lowFrequencyEnergy(tf.tensor3d(maps, [count, height, width])));
  const values = (await energy.data()) as Float32Array;
  energy.dispose();
  return values;
}

/** Maps [4, 3, H, W] of noise on a slope, far from zero: the third channel is constant, the second nowhere above zero. */
function randomMaps(height: number, width: number): Float32Array {
  const random = Random.seeded(height * 100 + width, 'maps');
  const maps = new Float32Array(4 * 3 * height * width);
  for (let at = 0; at < maps.length; at++) {
    const channel = Math.floor(at / (height * width)) % 3;
    const value = random.normal() + (at % width) / 2;
    maps[at] = channel === 0 ? value + 20 : channel === 1 ? -Math.abs(value) : 0.1;
  }
  return maps;
}

test.each([
  [1, 1],
  [1, 7],
  [2, 2],
  [3, 3],
  [4, 4],
  [5, 8],
  [16, 16],
  [15, 21],
])('of maps of %i×%i the measures are those of measures.ts', async (height, width) => {
  const maps = randomMaps(height, width);
  const size = height * width;
  const statistics = new MapStatistics(height, width, 3);
  const half = maps.length / 2;
  for (const part of [maps.subarray(0, half), maps.subarray(half)])
    statistics.add(part, await lowOf(part, height, width));
  const each = Array.from({ length: maps.length / size }, (_, i) => maps.subarray(i * size, (i + 1) * size));
  const { means } = statistics;
  expect(means.contrast).toBeCloseTo(mean(each.map(contrast)), 9);
  expect(means.totalVariation).toBeCloseTo(mean(each.map((m) => totalVariation(m, height, width))), 9);
  expect(means.entropy).toBeCloseTo(mean(each.map(entropy)), 9);
  expect(means.highFrequencyShare).toBeCloseTo(
    mean(each.map((m) => highFrequencyShare(m, height, width))),
    4,
  );
  expect(statistics.dead('neverPositive')).toBeCloseTo(deadFraction(maps, [4, 3, height, width]), 12);
});

test('the low-frequency energy of a wave is all of its energy below a quarter cycle a pixel, and none above', async () => {
  const wave = (cycles: number): Float32Array =>
    Float32Array.from({ length: 256 }, (_, i) => 5 + Math.cos((2 * Math.PI * cycles * (i % 16)) / 16));
  for (const cycles of [1, 2, 4]) expect((await lowOf(wave(cycles), 16, 16))[0]).toBeCloseTo(128, 2);
  for (const cycles of [5, 8]) expect((await lowOf(wave(cycles), 16, 16))[0]).toBeCloseTo(0, 2);
});

test('computing it leaves no tensors behind', async () => {
  const before = tf.memory().numTensors;
  await lowOf(new Float32Array(2 * 64).fill(1), 8, 8);
  expect(tf.memory().numTensors).toBe(before);
});

test('a channel that is the same everywhere is told from one that is never positive', () => {
  const statistics = new MapStatistics(1, 2, 3);
  // [2, 3, 1, 2]: the first channel negative and changing, the second constant above zero, the third alive.
  statistics.add(Float32Array.from([-1, -2, 7, 7, 0, 1]), new Float32Array(3));
  statistics.add(Float32Array.from([-3, -2, 7, 7, 0, 0]), new Float32Array(3));
  expect(statistics.dead('neverPositive')).toBeCloseTo(1 / 3, 12);
  expect(statistics.dead('sameEverywhere')).toBeCloseTo(1 / 3, 12);
  const one = new MapStatistics(1, 1, 1);
  one.add(Float32Array.from([2]), new Float32Array(1));
  expect([one.dead('neverPositive'), one.dead('sameEverywhere')]).toEqual([0, 1]);
});

test.each([NaN, Infinity])('a value of %s makes the contrast no number', (value) => {
  for (const maps of [
    [1, value, 2, 3],
    [value, value, value, value],
  ]) {
    const statistics = new MapStatistics(2, 2, 1);
    statistics.add(Float32Array.from(maps), new Float32Array(1));
    expect(Number.isFinite(statistics.means.contrast)).toBe(false);
  }
});
