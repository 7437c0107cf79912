import { describe, expect, test } from 'vitest';
import { FAMILY } from '../../shared/family.ts';
import { describeTaps, stemSize } from '../../shared/network.ts';
import { PRESETS, findPreset, resolveRun, type DatasetShape } from '../../shared/presets.ts';

const DATASET: DatasetShape = {
  id: 'cifar10',
  inputSize: 32,
  inputChannels: 3,
  classes: ['a', 'b', 'c'],
  allowsFlip: true,
  allowsCrop: true,
};
const request = (change: object = {}): Parameters<typeof resolveRun>[0] => ({
  data: { dataset: 'cifar10' },
  ...change,
});

test('the presets are the small one, the article’s and the family, each with a name of its own', () => {
  expect(PRESETS.map(({ id }) => id)).toEqual(['small', 'article', ...FAMILY]);
});

test.each(PRESETS.map(({ id }) => id))('%s makes a run on 32×32 images whose maps never vanish', (preset) => {
  const { network } = resolveRun(request({ preset }), DATASET);
  expect(network).toMatchObject({ inputSize: 32, inputChannels: 3, classes: 3 });
  for (const { shape } of describeTaps(network, false)) expect(Math.min(...shape)).toBeGreaterThanOrEqual(1);
});

test('the default keeps maps of 4×4 to the end, the article’s net shrinks them to one pixel', () => {
  const end = (preset?: string): number => {
    const { network } = resolveRun(request({ preset }), DATASET);
    return network.strides.reduce((size, stride) => Math.floor(size / stride), stemSize(network));
  };
  expect(end()).toBe(4);
  expect(end('article')).toBe(1);
  expect(end('vanillanet-5')).toBe(2);
});

test('what a request says replaces the preset and the defaults, and the rest stays', () => {
  const config = resolveRun(
    request({
      name: 'mine',
      network: { stemStride: 1 },
      training: { epochs: 7 },
      recording: { precision: 'f32' },
    }),
    DATASET,
  );
  expect(config).toMatchObject({ name: 'mine', preset: 'small', training: { epochs: 7, batchSize: 128 } });
  expect(config.network).toMatchObject({ stemStride: 1, dims: findPreset('small').network.dims });
  expect(config.recording).toMatchObject({ precision: 'f32', every: 1 });
});

describe('what does not fit the data set or itself is refused, naming the field', () => {
  test.each([
    ['an unknown preset', request({ preset: 'large' }), DATASET, "preset 'large' is unknown"],
    [
      'mirroring letters',
      request({ data: { dataset: 'cifar10', flip: true } }),
      { ...DATASET, allowsFlip: false },
      'data.flip',
    ],
    [
      'cropping what fills the image',
      request({ data: { dataset: 'cifar10', crop: 4 } }),
      { ...DATASET, allowsCrop: false },
      'data.crop',
    ],
    [
      'widths without strides',
      request({ network: { dims: [4, 4] } }),
      DATASET,
      'network.strides has 3 entries',
    ],
  ])('%s', (_what, bad, dataset, message) => {
    expect(() => resolveRun(bad, dataset)).toThrow(message);
  });
});
