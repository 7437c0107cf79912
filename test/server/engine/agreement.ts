/** Holds an engine's own operations against the portable ones: values and every gradient, on its backend. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { portableOps, type Ops } from '../../../server/nn/ops.ts';
import { adamwRates } from '../../../server/nn/portable/adamw.ts';
import { batchNormInfer } from '../../../server/nn/portable/batchNormInfer.ts';
import { Random } from '../../../server/random.ts';
import { cases, type Case } from './agreementCases.ts';

/** A mean of 20 deviations: what single-pass variances in float32 lose their digits on. */
const FAR = 20;

/** Relative to the largest value of a tensor: float32 in another order of summation. */
const TOLERANCE = 2e-5;

function tensors({ shapes, ties }: Case): tf.Tensor4D[] {
  const random = Random.seeded(7, 'agreement');
  return shapes.map((shape) => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
      const value = random.normal();
      return ties ? Math.round(value) : value;
    });
    return tf.tensor<tf.Rank.R4>(values, shape as [number, number, number, number]);
  });
}

/** Output and gradients of a weighted sum of the output; the weights make every gradient differ. */
async function evaluate(one: Case, ops: Ops): Promise<Float32Array[]> {
  const inputs = tensors(one);
  const taken = inputs.filter((_, i) => i !== one.fixed);
  const run = (...some: tf.Tensor[]): tf.Tensor => {
    const all = [...some];
    if (one.fixed !== undefined) all.splice(one.fixed, 0, inputs[one.fixed]!);
    return one.operation(ops, all as tf.Tensor4D[]);
  };
  const value = tf.tidy(() => run(...taken));
  const dy = tf.tensor(
    Float32Array.from({ length: value.size }, (_, i) => Math.sin(i)),
    value.shape,
  );
  const gradients = tf.tidy(() => tf.grads(run)(taken, dy));
  const results = await Promise.all(
    [value, ...gradients].map((tensor) => tensor.data() as Promise<Float32Array>),
  );
  tf.dispose([inputs, value, dy, gradients]);
  return results;
}

function expectClose(got: Float32Array[], expected: Float32Array[], tolerance: number): void {
  expect(got.map((values) => values.length)).toEqual(expected.map((values) => values.length));
  expected.forEach((values, at) => {
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(got[at]![i]! - value)), 0);
    const what = at === 0 ? 'the value' : `gradient ${at}`;
    expect(worst, `${what}, largest value ${scale}`).toBeLessThanOrEqual(tolerance * scale + 1e-7);
  });
}

/** Declares one test for each operation; `engineOps` is asked for once the engine is started. The portable operations
 * run on the same backend, or on that of `reference`. */
export function testAgreement(engineOps: () => Ops, reference?: string): void {
  for (const one of cases())
    test(`${one.name} agrees with the portable operation${reference ? ` on ${reference}` : ''}`, async () => {
      const own = tf.getBackend();
      const got = await evaluate(one, engineOps());
      if (reference) await tf.setBackend(reference);
      const expected = await evaluate(one, portableOps);
      await tf.setBackend(own);
      expectClose(got, expected, TOLERANCE);
    });

  for (const shape of [
    [10, 4, 6, 36],
    [1, 3, 5, 7],
    [2, 2, 2, 8],
  ] as const)
    test(`quantise of [${shape.join(', ')}] agrees, but for levels halfway between two`, async () => {
      const channels = shape[3];
      const random = Random.seeded(8, 'agreement');
      const values = Float32Array.from({ length: shape.reduce<number>((a, b) => a * b, 1) }, (_, i) =>
        i % channels === 0 ? 0.5 : 3 * random.normal() + (i % channels),
      );
      const x = tf.tensor4d(values, [...shape]);
      const before = tf.memory().numTensors;
      const [own, portable] = [engineOps(), portableOps].map((ops) => ops.quantise(x));
      expect(tf.memory().numTensors).toBe(before + 2);
      const [got, expected] = (await Promise.all([own!.data(), portable!.data()])) as Float32Array[];
      tf.dispose([x, own!, portable!]);
      expect(got!.length).toBe(3 * channels + values.length);
      expect([...got!.subarray(0, 2 * channels)]).toEqual([...expected!.subarray(0, 2 * channels)]);
      expectClose(
        [got!.subarray(2 * channels, 3 * channels)],
        [expected!.subarray(2 * channels, 3 * channels)],
        TOLERANCE,
      );
      const levels = got!.subarray(3 * channels);
      const apart = levels.map((level, i) => Math.abs(level - expected![3 * channels + i]!));
      expect(levels.every((level) => Number.isInteger(level) && level >= 0 && level <= 255)).toBe(true);
      expect(Math.max(...apart)).toBeLessThanOrEqual(1);
      expect(apart.filter((difference) => difference > 0).length).toBeLessThanOrEqual(apart.length / 100);
    });

  test.each([
    [0, 8],
    [0.3, 8],
    [1, 36],
    [0.3, 5],
  ])('inference normalises as JavaScript computes it, at λ = %f of %i channels', async (lambda, channels) => {
    const infer = engineOps().batchNormInfer ?? batchNormInfer;
    const random = Random.seeded(11, 'agreement');
    const draw = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
    const x = draw(6 * channels);
    for (const biased of [false, true]) {
      const [gamma, beta, mean, variance, ahead] = Array.from({ length: 5 }, () => draw(channels));
      variance!.forEach((value, c) => (variance![c] = value * value));
      const [g, b, m, v, a] = [gamma!, beta!, mean!, variance!, ahead!].map((values) => tf.tensor1d(values));
      const input = tf.tensor4d(x, [1, 2, 3, channels]);
      const norm = { gamma: g!, beta: b!, mean: m!, variance: v!, bias: biased ? a! : null, epsilon: 0.01 };
      const before = tf.memory().numTensors;
      const got = infer(input, norm, lambda);
      expect(tf.memory().numTensors).toBe(before + 1);
      expect(got.shape).toEqual([1, 2, 3, channels]);
      const expected = x.map((value, i) => {
        const c = i % channels;
        const centred = value + (biased ? ahead![c]! : 0) - mean![c]!;
        const y = (centred / Math.sqrt(variance![c]! + 0.01)) * gamma![c]! + beta![c]!;
        return lambda * Math.max(0, y) + (1 - lambda) * y;
      });
      expectClose([(await got.data()) as Float32Array], [expected], TOLERANCE);
      tf.dispose([g!, b!, m!, v!, a!, input, got]);
    }
  });

  test('vectors, matrices and maps are joined row by row', async () => {
    const parts = [tf.tensor1d([1]), tf.tensor2d([2, 3, 4, 5], [2, 2]), tf.tensor4d([6, 7], [1, 2, 1, 1])];
    for (const some of [parts, parts.slice(1, 2)]) {
      const before = tf.memory().numTensors;
      const got = engineOps().joined(some);
      expect(tf.memory().numTensors).toBe(before + 1);
      const expected = some.length > 1 ? [1, 2, 3, 4, 5, 6, 7] : [2, 3, 4, 5];
      expect([got.shape, [...(await got.data())]]).toEqual([[expected.length], expected]);
      got.dispose();
    }
    tf.dispose(parts);
  });

  test('the first of the largest logits counts as the answer', async () => {
    const logits = tf.tensor2d([0, 2, 2, 5, 5, 1, -3, -3, -3], [3, 3]);
    const labels = tf.tensor1d([1, 1, 0], 'int32');
    const count = engineOps().countCorrect(logits, labels);
    expect([...(await count.data())]).toEqual([2]);
    tf.dispose([logits, labels, count]);
  });

  test('running statistics move alike, with and without a bias ahead', async () => {
    const random = Random.seeded(10, 'agreement');
    const vector = (length: number): tf.Tensor1D =>
      tf.tensor1d(Float32Array.from({ length }, () => 1 + random.normal()));
    const moves = [5, 300].map((channels, i) => ({
      mean: vector(channels),
      variance: vector(channels),
      bias: i === 0 ? vector(channels) : null,
      running: { mean: vector(channels), variance: vector(channels) },
      momentum: 0.1 + i / 10,
      correction: 1.25,
    }));
    const run = async (ops: Ops): Promise<Float32Array[]> => {
      const next = tf
        .tidy(() => ops.moveStatistics(moves).map(({ mean, variance }) => [mean, variance]))
        .flat();
      const values = await Promise.all(next.map((t) => t.data() as Promise<Float32Array>));
      tf.dispose(next);
      return values;
    };
    const before = tf.memory().numTensors;
    const got = await run(engineOps());
    expect(tf.memory().numTensors).toBe(before);
    expectClose(got, await run(portableOps), TOLERANCE);
    tf.dispose(
      moves.map(({ mean, variance, bias, running }) => [mean, variance, bias ?? [], Object.values(running)]),
    );
  });

  test('tensors are joined row by row and parted again, and no tensor is left behind', async () => {
    const before = tf.memory().numTensors;
    const shapes = [[2, 3], [1], [2, 1, 2, 2], [5]];
    const length = 20;
    const values = Float32Array.from({ length }, (_, i) => i + 0.5);
    const parts = shapes.map((shape, i) => {
      const from = shapes.slice(0, i).reduce((sum, s) => sum + tf.util.sizeFromShape(s), 0);
      return tf.tensor(values.slice(from, from + tf.util.sizeFromShape(shape)), shape);
    });
    const whole = engineOps().joined(parts);
    expect([...(await whole.data())]).toEqual([...values]);
    const again = engineOps().parted(whole, shapes);
    expect(again.map(({ shape }) => shape)).toEqual(shapes);
    for (const [i, part] of again.entries()) expect(await part.data()).toEqual(await parts[i]!.data());
    tf.dispose([parts, whole, again]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('work that comes again is done on what its inputs are then, and no tensor is left behind', async () => {
    const before = tf.memory().numTensors;
    const fixed = tf.tensor4d([1, 2, 3], [1, 1, 1, 3]);
    const input = tf.tidy(() => tf.variable(tf.tensor4d([0, 0, 0], [1, 1, 1, 3])));
    let lambda = 0;
    const again = engineOps().traced([fixed], [input], () =>
      tf.tidy(() => tf.reshape(engineOps().annealed(tf.mul(fixed, input), lambda), [3])),
    );
    for (let i = 1; i < 5; i++) {
      tf.tidy(() => input.assign(tf.tensor4d([i, 10 * i, -i], [1, 1, 1, 3])));
      lambda = 1 - i / 8;
      const got = again.run(lambda);
      expect([...(await got.data())]).toEqual([i, 20 * i, (-3 * i * i) / 8]);
      got.dispose();
    }
    again.dispose();
    tf.dispose([fixed, input]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([true, false])('adamw agrees over ten steps, with decay %s', async (decays) => {
    const length = 37;
    const random = Random.seeded(9, 'agreement');
    const vector = (): tf.Tensor1D => tf.tensor1d(Float32Array.from({ length }, () => random.normal()));
    const gradients = Array.from({ length: 10 }, vector);
    const decay = decays ? tf.tensor1d(Float32Array.from({ length }, (_, i) => (i % 3 ? 0.05 : 0))) : null;
    const start = vector();
    const run = async (ops: Ops): Promise<Float32Array[]> => {
      let state = {
        weights: tf.clone(start),
        mean: tf.zeros([length]) as tf.Tensor1D,
        square: tf.zeros([length]) as tf.Tensor1D,
      };
      for (const [i, gradient] of gradients.entries()) {
        const config = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        const next = tf.tidy(() => {
          const rates = tf.tensor1d(adamwRates(config, 0.1 / (i + 1), i + 1));
          return { ...ops.adamw(state, gradient, decay, config, rates) };
        });
        tf.dispose([state.weights, state.mean, state.square]);
        state = next;
      }
      const { weights, mean, square } = state;
      const values = await Promise.all([weights, mean, square].map((t) => t.data() as Promise<Float32Array>));
      tf.dispose([weights, mean, square]);
      return values;
    };
    const before = tf.memory().numTensors;
    const startsAs = await start.data();
    const got = await run(engineOps());
    expect(tf.memory().numTensors).toBe(before);
    expect(await start.data()).toEqual(startsAs);
    expectClose(got, await run(portableOps), TOLERANCE);
    tf.dispose([...gradients, start, ...(decay ? [decay] : [])]);
  });

  test('batch statistics keep their digits far from zero, and no tensor is left behind', async () => {
    const before = tf.memory().numTensors;
    const values = Float32Array.from({ length: 4 * 8 * 8 * 8 }, (_, i) => FAR + Math.sin(i * i));
    const exact = Array.from({ length: 8 }, (_, c) => {
      const own = values.filter((_, i) => i % 8 === c);
      const mean = own.reduce((sum, v) => sum + v, 0) / own.length;
      return [mean, own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / own.length] as const;
    });
    const [mean, variance] = tf.tidy(() => {
      const x = tf.tensor4d(values, [4, 8, 8, 8]);
      const result = engineOps().batchNormTrain(x, tf.ones([8]), tf.zeros([8]), 1e-5);
      return [result.mean, result.variance];
    });
    const [means, variances] = await Promise.all([mean!.data(), variance!.data()]);
    exact.forEach(([m, v], c) => {
      expect(Math.abs(means[c]! - m) / m).toBeLessThan(1e-6);
      expect(Math.abs(variances[c]! - v) / v).toBeLessThan(1e-4);
    });
    tf.dispose([mean!, variance!]);
    expect(tf.memory().numTensors).toBe(before);
  });
}
