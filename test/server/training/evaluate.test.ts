import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { normalisation, toInput } from '../../../server/datasets/batches.ts';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { Random } from '../../../server/random.ts';
import { evaluate, joinEvaluations, type Evaluation } from '../../../server/training/evaluate.ts';
import { useWasm } from './backend.ts';
import { TINY_DATA, tinyConfig } from './tiny.ts';

const split = TINY_DATA.test;
const measured = normalisation(TINY_DATA.train, 3);
let net: VanillaNet;

beforeAll(async () => {
  await useWasm();
  net = new VanillaNet(tinyConfig().network, Random.seeded(1, 'weights'));
  const x = tf.tensor4d(toInput(split.images, measured), [14, 32, 32, 3]);
  for (let i = 0; i < 60; i++) net.apply(x, 'train').dispose();
  x.dispose();
});
afterAll(() => net.dispose());

async function whole(batchSize: number, places?: number[]): Promise<Evaluation & { batches: number }> {
  const run = evaluate(net, split, measured, batchSize, places);
  for (let batches = 0; ; batches++) {
    const next = await run.next();
    if (next.done) return { ...next.value, batches };
  }
}

test('loss and accuracy are those of all logits at once, by hand', async () => {
  const x = tf.tensor4d(toInput(split.images, measured), [14, 32, 32, 3]);
  const output = net.apply(x, 'infer');
  const logits = (await output.array()) as number[][];
  tf.dispose([x, output]);
  let loss = 0;
  let correct = 0;
  logits.forEach((row, i) => {
    const label = split.labels[i]!;
    loss += Math.log(row.reduce((s, v) => s + Math.exp(v), 0)) - row[label]!;
    if (row.indexOf(Math.max(...row)) === label) correct++;
  });
  const result = await whole(14);
  expect(result.loss).toBeCloseTo(loss / 14, 5);
  expect(result.accuracy).toBeCloseTo(correct / 14, 12);
});

test('the size of the batches, a smaller last one included, changes nothing but their number', async () => {
  const one = await whole(14);
  for (const [batchSize, batches] of [
    [4, 4],
    [1, 14],
    [100, 1],
  ] as const) {
    const result = await whole(batchSize);
    expect(result.batches).toBe(batches);
    expect(result.loss).toBeCloseTo(one.loss, 5);
    expect(result.accuracy).toBe(one.accuracy);
  }
});

test('evaluation leaves no tensors and moves no running statistics', async () => {
  const statistic = [...net.buffers.values()][0]!;
  const before = [...(await statistic.data())];
  const count = tf.memory().numTensors;
  await whole(5);
  expect(tf.memory().numTensors).toBe(count);
  expect([...(await statistic.data())]).toEqual(before);
});

test('two parts of a split, evaluated apart and joined, are the whole; an empty part counts for nothing', async () => {
  const all = await whole(14);
  const parts = [
    [0, 3, 5, 13],
    [1, 2, 4, 6, 7, 8, 9, 10, 11, 12],
  ];
  const [a, b] = [await whole(3, parts[0]), await whole(4, parts[1])];
  expect([a.images, b.images]).toEqual([4, 10]);
  const joined = joinEvaluations(a, b);
  expect(joined.images).toBe(14);
  expect(joined.loss).toBeCloseTo(all.loss, 5);
  expect(joined.accuracy).toBeCloseTo(all.accuracy, 12);
  expect(joinEvaluations(all, await whole(4, []))).toEqual({
    loss: all.loss,
    accuracy: all.accuracy,
    images: 14,
  });
});
