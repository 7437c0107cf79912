import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { gramMatrix, linearCka } from '../../../shared/measures.ts';
import { Random } from '../../../server/random.ts';
import { centredGram, rankOfGram, similarityVector } from '../../../server/training/grams.ts';
import { useWasm } from './backend.ts';

beforeAll(useWasm);

const random = Random.seeded(11, 'features');
const features = (count: number, d: number, offset = 0): Float32Array =>
  Float32Array.from({ length: count * d }, () => random.normal() + offset);

/** Rows less their mean row. */
function centre(x: Float32Array, count: number): Float64Array {
  const d = x.length / count;
  const centred = Float64Array.from(x);
  for (let k = 0; k < d; k++) {
    let mean = 0;
    for (let i = 0; i < count; i++) mean += x[i * d + k]! / count;
    for (let i = 0; i < count; i++) centred[i * d + k]! -= mean;
  }
  return centred;
}

/** Gram matrix of features handed over in parts of at most `chunk` images. */
function gramOf(x: Float32Array, count: number, chunk: number): Promise<Float64Array> {
  const d = x.length / count;
  const parts: tf.Tensor2D[] = [];
  for (let from = 0; from < count; from += chunk) {
    const to = Math.min(count, from + chunk);
    parts.push(tf.tensor2d(x.slice(from * d, to * d), [to - from, d]));
  }
  return centredGram(parts);
}

test.each([3, 5, 100])(
  'in parts of %i images, the Gram matrix is that of the centred features',
  async (chunk) => {
    const x = features(11, 40, 3);
    const before = tf.memory().numTensors;
    const gram = await gramOf(x, 11, chunk);
    expect(tf.memory().numTensors).toBe(before);
    const wanted = gramMatrix(centre(x, 11), 11);
    gram.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 3));
  },
);

test('the scalar product of two vectors is the debiased linear CKA of measures.ts', async () => {
  const n = 24;
  const x = features(n, 60, 2);
  // Partly the same, of another width and scale.
  const y = Float32Array.from({ length: n * 30 }, (_, i) => {
    const [image, k] = [Math.floor(i / 30), i % 30];
    return 5 * (x[image * 60 + 2 * k]! + 0.7 * random.normal());
  });
  const [k, l] = [await gramOf(x, n, 10), await gramOf(y, n, 10)];
  const [a, b] = [similarityVector(k, n), similarityVector(l, n)];
  const product = (p: Float32Array, q: Float32Array): number => p.reduce((sum, v, i) => sum + v * q[i]!, 0);
  const wanted = linearCka(gramMatrix(x, n), gramMatrix(y, n));
  expect(wanted).toBeGreaterThan(0.3);
  expect(wanted).toBeLessThan(0.9);
  expect(product(a, b)).toBeCloseTo(wanted, 5);
  expect(product(a, a)).toBeCloseTo(1, 5);
  expect(a.length).toBe((n * (n - 1)) / 2);
});

test('features that do not tell the images apart, or fewer than 4 images, have no similarity', async () => {
  const same = await gramOf(new Float32Array(5 * 8).fill(0.3), 5, 5);
  expect(similarityVector(same, 5).every(Number.isNaN)).toBe(true);
  expect(similarityVector(await gramOf(features(3, 8), 3, 3), 3).every(Number.isNaN)).toBe(true);
});

test('the effective rank counts directions that are equally strong', async () => {
  // 20 images in 5 orthogonal directions, from one end and the other, so that their mean is zero.
  const x = new Float32Array(20 * 12);
  for (let i = 0; i < 20; i++) x[i * 12 + (i % 5)] = i < 10 ? 2 : -2;
  expect(rankOfGram(await gramOf(x, 20, 8), 20)).toBeCloseTo(5, 3);
  const line = Float32Array.from({ length: 20 * 3 }, (_, i) => Math.floor(i / 3) * ((i % 3) + 1));
  expect(rankOfGram(await gramOf(line, 20, 8), 20)).toBeCloseTo(1, 2);
  expect(rankOfGram(await gramOf(new Float32Array(6).fill(4), 3, 3), 3)).toBe(1);
});

test('the effective rank agrees with numpy on the singular values of centred features', async () => {
  // numpy: s = svd(x - x.mean(0)); p = s / s.sum(); exp(-(p * log(p)).sum()), with x[i, k] = sin(1 + 3 i k) + i / 4.
  const x = Float32Array.from({ length: 8 * 6 }, (_, at) => {
    const [i, k] = [Math.floor(at / 6), at % 6];
    return Math.sin(1 + 3 * i * k) + i / 4;
  });
  expect(rankOfGram(await gramOf(x, 8, 3), 8)).toBeCloseTo(4.568729772930837, 4);
});
