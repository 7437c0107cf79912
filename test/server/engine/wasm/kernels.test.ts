/** The kernels at the edges of their tiles, against sums in double precision. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { leaky, leakyGradient } from '../../../../server/engine/wasm/annealed.ts';
import { assembleKernels } from '../../../../server/engine/wasm/assemble.ts';
import { product, productByTransposed, transposedProduct } from '../../../../server/engine/wasm/product.ts';
import { ops, portableOps } from '../../../../server/nn/ops.ts';
import { startEngine } from '../../../../server/engine/start.ts';
import { Random } from '../../../../server/random.ts';

beforeAll(async () => {
  await startEngine('wasm', { allowSoftware: false });
});

const random = Random.seeded(5, 'kernels');
const normals = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());

/** Σ a(i, j)·b(j, k) over j. */
function multiply(
  [rows, inner, columns]: readonly [number, number, number],
  a: (i: number, j: number) => number,
  b: (j: number, k: number) => number,
): number[] {
  const sum = (i: number, k: number): number => {
    let total = 0;
    for (let j = 0; j < inner; j++) total += a(i, j) * b(j, k);
    return total;
  };
  return Array.from({ length: rows * columns }, (_, at) => sum(Math.floor(at / columns), at % columns));
}

function expectClose(got: tf.Tensor, expected: number[], scale: number): void {
  const values = got.dataSync();
  expect(values.length).toBe(expected.length);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
  expect(worst).toBeLessThan(1e-6 * scale);
}

test.each([
  [1, 24, 24],
  [3, 5, 9],
  [4, 1, 8],
  [5, 3, 8],
  [7, 13, 10],
  [9, 48, 24],
  [130, 16, 17],
  [70, 12, 40],
  [300, 132, 136],
  [129, 256, 8],
  [6, 20, 7],
])('products of %i rows, %i inputs and %i outputs are right, plain and transposed', (p, i, o) => {
  const [xs, ws, ds] = [normals(p * i), normals(i * o), normals(p * o)];
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const x = tf.tensor4d(xs, [p, 1, 1, i]);
    const w = tf.tensor4d(ws, [1, 1, i, o]);
    const dy = tf.tensor4d(ds, [p, 1, 1, o]);
    const y = product(x, w);
    expect(y.shape).toEqual([p, 1, 1, o]);
    expectClose(
      y,
      multiply(
        [p, i, o],
        (r, c) => xs[r * i + c]!,
        (r, c) => ws[r * o + c]!,
      ),
      i + 10,
    );
    expectClose(
      productByTransposed(dy, w),
      multiply(
        [p, o, i],
        (r, c) => ds[r * o + c]!,
        (r, c) => ws[c * o + r]!,
      ),
      o + 10,
    );
    const dw = transposedProduct(x, dy, [1, 1, i, o]);
    expect(dw.shape).toEqual([1, 1, i, o]);
    expectClose(
      dw,
      multiply(
        [i, p, o],
        (r, c) => xs[c * i + r]!,
        (r, c) => ds[r * o + c]!,
      ),
      p + 10,
    );
  });
  expect(tf.memory().numTensors).toBe(before);
});

test('a product over so many rows that they are cut into parts is right', () => {
  const [p, i, o] = [20_000, 12, 16];
  const [xs, ds] = [normals(p * i), normals(p * o)];
  tf.tidy(() => {
    const dw = transposedProduct(tf.tensor4d(xs, [p, 1, 1, i]), tf.tensor4d(ds, [p, 1, 1, o]), [1, 1, i, o]);
    const expected = multiply(
      [i, p, o],
      (r, c) => xs[c * i + r]!,
      (r, c) => ds[r * o + c]!,
    );
    expectClose(dw, expected, 1000);
  });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
  'depthwise convolutions of maps %i wide agree with the portable ones',
  (width) => {
    for (const size of [1, 3, 5, 7, 9]) {
      const [x, w] = [
        tf.tensor4d(normals(2 * 3 * width * 8), [2, 3, width, 8]),
        tf.tensor4d(normals(size * size * 8), [size, size, 8, 1]),
      ];
      const dy = tf.tensor4d(normals(x.size), x.shape);
      const [got, expected] = [ops(), portableOps].map((by) => {
        const value = tf.tidy(() => by.depthwise(x, w));
        const gradients = tf.grads((a, b) => by.depthwise(a as tf.Tensor4D, b as tf.Tensor4D))([x, w], dy);
        return [value, ...gradients];
      });
      expected!.forEach((tensor, i) => expectClose(got![i]!, [...tensor.dataSync()], 50));
      tf.dispose([x, w, dy, got!, expected!]);
    }
  },
);

test.each([4, 5, 7, 16, 17, 63, 64, 100_003])(
  'the annealed activation of %i values takes each by its sign',
  (length) => {
    const [xs, ds] = [normals(length), normals(length)];
    tf.tidy(() => {
      const [x, dy] = [tf.tensor1d(xs), tf.tensor1d(ds)];
      const [lambda, slope] = [0.75, 0.25];
      expect(leaky([x], lambda)[0]!.dataSync()).toEqual(xs.map((v) => (v > 0 ? v : v * slope)));
      expect(leakyGradient([dy, x], lambda)[0]!.dataSync()).toEqual(
        ds.map((d, i) => (xs[i]! > 0 ? d : d * slope)),
      );
    });
  },
);

test('kernels with and without fused multiplication agree to rounding', async () => {
  const results: Float32Array[] = [];
  for (const fused of [true, false]) {
    const code = await assembleKernels({ shared: false, fused });
    // Where there is no fused multiplication, the other is all there is.
    if (fused && !WebAssembly.validate(code)) return;
    const memory = new WebAssembly.Memory({ initial: 64 });
    const { instance } = await WebAssembly.instantiate(code, { env: { memory } });
    const kernels = instance.exports as Record<string, (...args: number[]) => void>;
    const inputs = new Float32Array(memory.buffer, 0, 100_000);
    for (let i = 0; i < inputs.length; i++) inputs[i] = Math.sin(i);
    const [x, w, y] = [0, 200_000, 400_000];
    kernels.product!(x, w, y, 100, 40, 24, 0, 25);
    kernels.filterGradient!(x, w, y + 9600, 7, 5, 3, 4 * 12, 0, 8, 0);
    results.push(new Float32Array(memory.buffer, y, 2400 + 9 * 12).slice());
  }
  const [fused, plain] = results as [Float32Array, Float32Array];
  expect(fused.every((value, i) => Math.abs(value - plain[i]!) < 1e-4)).toBe(true);
  expect(plain.filter((value) => Math.abs(value) > 0.1).length).toBeGreaterThan(1000);
});
