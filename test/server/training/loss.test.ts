import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { countCorrect, crossEntropy } from '../../../server/training/loss.ts';
import { useCpu } from './backend.ts';

beforeAll(useCpu);

const LOGITS = [
  [1, 2, 0.5, -1],
  [0, 0, 0, 0],
  [-3, 4, 1, 2],
];
const LABELS = [1, 3, 0];

/** -Σ q·log softmax, one row at a time, in float64. */
function byHand(logits: number[][], labels: number[], smoothing: number): number {
  let sum = 0;
  logits.forEach((row, n) => {
    const total = Math.log(row.reduce((s, v) => s + Math.exp(v), 0));
    row.forEach((v, k) => {
      const q = (k === labels[n] ? 1 - smoothing : 0) + smoothing / row.length;
      sum -= q * (v - total);
    });
  });
  return sum / logits.length;
}

test.each([0, 0.1, 0.5])('cross-entropy with smoothing %f is the mean over rows by hand', (smoothing) => {
  const loss = tf.tidy(() =>
    crossEntropy(tf.tensor2d(LOGITS), tf.tensor1d(LABELS, 'int32'), smoothing).dataSync(),
  );
  expect(loss[0]).toBeCloseTo(byHand(LOGITS, LABELS, smoothing), 6);
});

test('equal logits cost the logarithm of the number of classes, whatever the smoothing', () => {
  const loss = tf.tidy(() =>
    crossEntropy(tf.zeros([5, 10]), tf.tensor1d([0, 1, 2, 3, 9], 'int32'), 0.3).dataSync(),
  );
  expect(loss[0]).toBeCloseTo(Math.log(10), 6);
});

test('the gradient agrees with central differences of the loss by hand', () => {
  const smoothing = 0.1;
  const gradient = tf.tidy(() => {
    const labels = tf.tensor1d(LABELS, 'int32');
    return tf
      .grad((x: tf.Tensor) => crossEntropy(x as tf.Tensor2D, labels, smoothing))(tf.tensor2d(LOGITS))
      .dataSync();
  });
  LOGITS.forEach((row, n) =>
    row.forEach((_, k) => {
      const moved = (by: number): number =>
        byHand(
          LOGITS.map((r, i) => r.map((v, j) => (i === n && j === k ? v + by : v))),
          LABELS,
          smoothing,
        );
      expect(gradient[n * 4 + k]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 5);
    }),
  );
});

test('the gradient is scaled by what follows the loss', () => {
  const gradient = tf.tidy(() => {
    const labels = tf.tensor1d([0], 'int32');
    const f = (x: tf.Tensor): tf.Tensor => crossEntropy(x as tf.Tensor2D, labels, 0);
    return tf
      .grad(f)(tf.tensor2d([[0, 0]]), tf.scalar(3))
      .dataSync();
  });
  expect([...gradient]).toEqual([-1.5, 1.5]);
});

test('rows count as correct where the label has the largest logit', () => {
  const correct = tf.tidy(() =>
    countCorrect(tf.tensor2d(LOGITS), tf.tensor1d([1, 3, 1], 'int32')).dataSync(),
  );
  expect(correct[0]).toBe(2);
});
