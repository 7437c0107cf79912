import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OptimizerConfig } from '../../../shared/config.ts';
import { ScopeError } from '../../../shared/errors.ts';
import { Optimizer, type OptimizerState } from '../../../server/training/optimizer.ts';
import { useCpu } from './backend.ts';

const SGD: OptimizerConfig = { kind: 'sgd', momentum: 0.9, weightDecay: 0 };
const ADAMW: OptimizerConfig = { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

let parameters: Map<string, tf.Variable>;

beforeAll(useCpu);
beforeEach(() => {
  parameters = new Map<string, tf.Variable>([
    ['conv.weight', tf.variable(tf.tensor2d([[1, -2, 3]]))],
    ['bn.gamma', tf.variable(tf.tensor1d([0.5, 1]))],
  ]);
});
afterEach(() => tf.dispose([...parameters.values()]));

const values = (name: string): number[] => [...parameters.get(name)!.dataSync()];

/** One step with these gradients, given in the order of the parameters. */
function step(optimizer: Optimizer, weight: number[], gamma: number[], rate: number): void {
  const gradients = {
    [parameters.get('conv.weight')!.name]: tf.tensor2d([weight]),
    [parameters.get('bn.gamma')!.name]: tf.tensor1d(gamma),
  };
  optimizer.begin(rate);
  optimizer.update(gradients);
  tf.dispose(gradients);
}

const close = (actual: number[], wanted: number[]): void =>
  wanted.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 6));

test('SGD gathers momentum as PyTorch does: the buffer takes the whole gradient and the rate comes after', () => {
  const optimizer = new Optimizer(SGD, parameters);
  step(optimizer, [1, 0, -1], [0, 2], 0.1);
  close(values('conv.weight'), [0.9, -2, 3.1]);
  close(values('bn.gamma'), [0.5, 0.8]);
  step(optimizer, [1, 0, 0], [0, 0], 0.1); // buffer: 0.9·1 + 1 = 1.9, 0, -0.9; gamma 0, 1.8
  close(values('conv.weight'), [0.9 - 0.19, -2, 3.19]);
  close(values('bn.gamma'), [0.5, 0.62]);
  optimizer.dispose();
});

test('SGD adds the decay to the gradient of matrices and spares vectors', () => {
  const optimizer = new Optimizer({ ...SGD, weightDecay: 0.5 }, parameters);
  step(optimizer, [0, 0, 0], [0, 0], 0.1);
  close(values('conv.weight'), [0.95, -1.9, 2.85]);
  close(values('bn.gamma'), [0.5, 1]);
  optimizer.dispose();
});

test("AdamW's first step moves every value by the rate against its gradient, after the decay of matrices", () => {
  const optimizer = new Optimizer(ADAMW, parameters);
  step(optimizer, [10, -1, 2], [3, -3], 0.1);
  close(values('conv.weight'), [0.999 - 0.1, -1.998 + 0.1, 2.997 - 0.1]);
  close(values('bn.gamma'), [0.4, 1.1]);
  optimizer.dispose();
});

test('AdamW follows the formulas of Loshchilov and Hutter in float64 over 20 steps', () => {
  const optimizer = new Optimizer(ADAMW, parameters);
  const expected = [1, -2, 3];
  const m = [0, 0, 0];
  const v = [0, 0, 0];
  for (let t = 1; t <= 20; t++) {
    const rate = 0.05 / t;
    const gradient = expected.map((_, i) => Math.sin(3 * t + i));
    step(optimizer, gradient, [0, 0], rate);
    gradient.forEach((g, i) => {
      expected[i]! *= 1 - rate * 0.01;
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      const step = m[i]! / (1 - 0.9 ** t) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
      expected[i]! -= rate * step;
    });
  }
  close(values('conv.weight'), expected);
  optimizer.dispose();
});

test.each([SGD, ADAMW])(
  'a restored $kind optimizer goes on exactly as the one it was stored from',
  async (config) => {
    const optimizer = new Optimizer(config, parameters);
    step(optimizer, [1, 2, 3], [4, 5], 0.1);
    const state = await optimizer.state();
    const before = new Map([...parameters].map(([name, variable]) => [name, variable.clone()]));
    step(optimizer, [3, 2, 1], [0, 1], 0.1);
    const expected = values('conv.weight');
    for (const [name, value] of before) parameters.get(name)!.assign(value);
    const other = new Optimizer(config, parameters);
    other.restore(state);
    step(other, [3, 2, 1], [0, 1], 0.1);
    expect(values('conv.weight')).toEqual(expected);
    optimizer.dispose();
    other.dispose();
    tf.dispose([...before.values()]);
  },
);

test('slots are stored under the names of PyTorch and of the parameters', async () => {
  const optimizer = new Optimizer(ADAMW, parameters);
  step(optimizer, [1, 2, 3], [4, 5], 0.1);
  const { steps, slots } = await optimizer.state();
  expect(steps).toBe(1);
  expect([...slots.keys()]).toEqual(['exp_avg', 'exp_avg_sq']);
  expect([...slots.get('exp_avg')!.keys()]).toEqual(['conv.weight', 'bn.gamma']);
  close([...slots.get('exp_avg')!.get('bn.gamma')!.data], [0.4, 0.5]);
  optimizer.dispose();
});

test('a state that does not fit is refused with the name of the tensor', async () => {
  const optimizer = new Optimizer(SGD, parameters);
  const { slots } = await optimizer.state();
  const buffer = slots.get('momentum_buffer')!;
  const refuse = (state: OptimizerState, name: string): void => {
    expect(() => optimizer.restore(state)).toThrow(ScopeError);
    expect(() => optimizer.restore(state)).toThrow(name);
  };
  const without = new Map([...buffer].filter(([name]) => name !== 'bn.gamma'));
  refuse({ steps: 1, slots: new Map([['momentum_buffer', without]]) }, 'momentum_buffer.bn.gamma is missing');
  const more = new Map([...buffer, ['x', { shape: [1], data: new Float32Array(1) }] as const]);
  refuse(
    { steps: 1, slots: new Map([['momentum_buffer', more]]) },
    'momentum_buffer.x belongs to no parameter',
  );
  const shape = new Map([...buffer, ['bn.gamma', { shape: [3], data: new Float32Array(3) }] as const]);
  refuse({ steps: 1, slots: new Map([['momentum_buffer', shape]]) }, '[2] is needed');
  refuse({ steps: 1, slots: new Map([...slots, ['exp_avg', buffer]]) }, 'exp_avg');
  optimizer.dispose();
});

test('a missing gradient is an error that names the parameter', () => {
  const optimizer = new Optimizer(SGD, parameters);
  const only = { [parameters.get('bn.gamma')!.name]: tf.tensor1d([1, 1]) };
  optimizer.begin(0.1);
  expect(() => optimizer.update(only)).toThrow('conv.weight');
  tf.dispose(only);
  optimizer.dispose();
});

test.each([SGD, ADAMW, { ...SGD, weightDecay: 0.1 }])('steps of $kind leave no tensors behind', (config) => {
  const none = tf.memory().numTensors;
  const optimizer = new Optimizer(config, parameters);
  step(optimizer, [1, 2, 3], [4, 5], 0.1);
  const one = tf.memory().numTensors;
  for (let i = 0; i < 3; i++) step(optimizer, [1, 2, 3], [4, 5], 0.1);
  expect(tf.memory().numTensors).toBe(one);
  optimizer.dispose();
  expect(tf.memory().numTensors).toBe(none);
});
