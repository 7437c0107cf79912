import type { Type } from 'typebox';
import { expect, test } from 'vitest';
import { ScopeError } from '../../../shared/errors.ts';
import { RunRequest } from '../../../shared/protocol.ts';
import { check, matches } from '../../../server/runs/check.ts';

const data = { dataset: 'emoji' };

function complaint(schema: Type.TSchema, value: unknown): { field: string | undefined; message: string } {
  try {
    check(schema, value);
  } catch (error) {
    if (error instanceof ScopeError) return { field: error.field, message: error.message };
  }
  throw new Error('nothing was wrong');
}

test('a value that fits is given back as it is', () => {
  const value = { data, training: { epochs: 3 } };
  expect(check(RunRequest, value)).toBe(value);
  expect(matches(RunRequest, value)).toBe(true);
});

test.each([
  [
    { data, training: { epochs: 0 } },
    'training.epochs',
    'is 0; valid is an integer of at least 1 and at most 10000',
  ],
  [
    { data, training: { learningRate: 0 } },
    'training.learningRate',
    'is 0; valid is a number above 0 and at most 100',
  ],
  [
    { data, training: { labelSmoothing: 1 } },
    'training.labelSmoothing',
    'a number of at least 0 and below 1',
  ],
  [{ data: { ...data, flip: 'yes' } }, 'data.flip', "is 'yes'; valid is true or false"],
  [
    { data: { ...data, trainLimit: 0 } },
    'data.trainLimit',
    'is 0; valid is an integer of at least 1 or null',
  ],
  [{ data, network: { dims: [32, 0] } }, 'network.dims[1]', 'is 0; valid is an integer of at least 1'],
  [{ data, network: { dims: [32] } }, 'network.dims', 'is [32]; valid is a list of 2 to 32'],
  [{ data, network: { stemStride: 3 } }, 'network.stemStride', 'is 3; valid is 1 or 2 or 4'],
  [
    { data, training: { optimizer: { kind: 'lion' } } },
    'training.optimizer.kind',
    "is 'lion'; valid is sgd, adamw",
  ],
  [
    { data, training: { optimizer: { kind: 'sgd', momentum: 1, weightDecay: 0 } } },
    'training.optimizer.momentum',
    'is 1; valid is a number of at least 0 and below 1',
  ],
  [
    { data, training: { optimizer: { kind: 'sgd', momentum: 0.9 } } },
    'training.optimizer.weightDecay',
    'is missing; valid is a number of at least 0 and at most 1',
  ],
  [
    { data, training: { optimizer: 'sgd' } },
    'training.optimizer',
    "is 'sgd'; valid is an object of kind, momentum",
  ],
  [{ data, nam: 'x' }, 'nam', 'is unknown; valid here are name, seed'],
  [{ data, name: 'x'.repeat(200) }, 'name', 'x…; valid is text of 1 to 80 characters'],
])('%j is refused for %s', (value, field, message) => {
  const found = complaint(RunRequest, value);
  expect(found.field).toBe(field);
  expect(found.message).toContain(message);
  expect(found.message.length).toBeLessThan(400);
});

test.each([null, 7, 'text', []])('%j instead of an object is refused', (value) => {
  expect(complaint(RunRequest, value).message).toMatch(/^the value is .*; valid is an object of name, seed/);
});
