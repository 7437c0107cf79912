import { expect, test } from 'vitest';
import { Value } from 'typebox/value';
import { resolveRun } from '../../../shared/presets.ts';
import { RunRequest } from '../../../shared/protocol.ts';
import { checkFields, firstFields, requestOf, withDataset } from '../../../web/src/lib/form/request.ts';

const photos = {
  id: 'cifar10',
  inputSize: 32,
  inputChannels: 3,
  classes: ['cat', 'dog'],
  allowsFlip: true,
  allowsCrop: true,
} as const;
const drawn = { ...photos, id: 'shapes', allowsFlip: false, allowsCrop: false } as const;

test('the form as it opens asks for what the server takes by default', () => {
  const request = requestOf(firstFields(photos));
  expect(Value.Check(RunRequest, request)).toBe(true);
  expect(resolveRun(request, photos)).toEqual(resolveRun({ data: { dataset: 'cifar10' } }, photos));
});

test('every choice of the form makes a valid request', () => {
  const fields = {
    ...firstFields(photos),
    name: ' mine ',
    optimizer: 'sgd',
    weightDecay: 0.0005,
    schedule: 'cosine',
    sharePercent: 40,
    update: 'step',
    merge: 'before',
    mergeEpochs: 3,
    trainLimit: 500,
    precision: 'f32',
    backend: 'wasm',
  } as const;
  const request = requestOf(fields);
  expect(Value.Check(RunRequest, request)).toBe(true);
  const config = resolveRun(request, photos);
  expect(config.name).toBe('mine');
  expect(config.training.optimizer).toEqual({ kind: 'sgd', momentum: 0.9, weightDecay: 0.0005 });
  expect(config.training.lambda).toEqual({ schedule: 'cosine', share: 0.4, update: 'step' });
  expect(config.training.mergeBeforeEnd).toBe(3);
  expect(config.data.trainLimit).toBe(500);
});

test('an empty field takes the default', () => {
  const { config } = checkFields({ ...firstFields(photos), epochs: null, batchSize: undefined }, photos);
  expect(config?.training.epochs).toBe(22);
  expect(config?.training.batchSize).toBe(128);
});

test('a merge while λ > 0 is refused in the words of the server, at its field', () => {
  const fields = { ...firstFields(photos), sharePercent: 100 };
  const { config, error } = checkFields(fields, photos);
  expect(config).toBeNull();
  expect(error?.field).toBe('training.lambda.share');
  expect(() => resolveRun(requestOf(fields), photos)).toThrow(error?.message);
});

test('a wrong number of epochs is blamed itself, not what is counted from it', () => {
  for (const epochs of [0, -3, 1.5, 10001]) {
    const { error } = checkFields({ ...firstFields(photos), epochs }, photos);
    expect(error).toMatchObject({ field: 'training.epochs' });
    expect(error?.message).toContain(`training.epochs is ${epochs}; valid is an integer of at least 1`);
  }
});

test('another data set takes its own augmentations and leaves the rest', () => {
  const fields = withDataset({ ...firstFields(photos), epochs: 7 }, drawn);
  expect(fields).toMatchObject({ dataset: 'shapes', flip: false, crop: 0, epochs: 7 });
  expect(checkFields(fields, drawn).error).toBeNull();
});
