import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test } from 'vitest';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { Random } from '../../../server/random.ts';
import type { NetworkConfig } from '../../../shared/config.ts';
import { describeTaps } from '../../../shared/network.ts';
import { pixelCentre, receptiveField } from '../../../web/src/lib/maps/receptiveField.ts';

const base: NetworkConfig = {
  inputSize: 14,
  inputChannels: 1,
  classes: 2,
  stemStride: 2,
  dims: [6, 6, 6],
  strides: [2, 1],
  activation: { kind: 'series', n: 1 },
  bnEpsilon: 1e-6,
  bnMomentum: 0.1,
};
const fieldOf = (config: NetworkConfig, id: string, x: number, y: number) =>
  receptiveField(
    config,
    describeTaps(config, false).find((tap) => tap.id === id)!,
    x,
    y,
  );

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('a stem of stride 4 sees patches that do not overlap', () => {
  const config: NetworkConfig = { ...base, inputSize: 16, stemStride: 4, activation: { kind: 'relu' } };
  expect(fieldOf(config, 'stem.pre', 0, 0)).toEqual([0, 0, 4, 4]);
  expect(fieldOf(config, 'stem.out', 3, 1)).toEqual([12, 4, 16, 8]);
});

test('padding, pooling and series widen the field in their order, and the image ends it', () => {
  expect(fieldOf(base, 'stem.conv2', 3, 0)).toEqual([5, 0, 9, 3]); // 2·3 - 1 … 2·3 + 2, and 2·0 - 1 … 2
  expect(fieldOf(base, 'stem.out', 3, 0)).toEqual([3, 0, 11, 5]); // one pixel of the stem more on either side
  expect(fieldOf(base, 'stages.0.conv2', 3, 0)).toEqual([3, 0, 11, 5]);
  expect(fieldOf(base, 'stages.0.pool', 1, 1)).toEqual([1, 1, 11, 11]); // stem 2 … 3, 1 … 4, then 2·1 - 1 … 2·4 + 2
  expect(fieldOf(base, 'stages.0.relu', 1, 1)).toEqual([1, 1, 11, 11]);
});

test('the centre of a pixel stays at its place where the image cuts its field off', () => {
  const taps = describeTaps(base, false);
  const centre = (id: string, x: number, y: number) =>
    pixelCentre(
      base,
      taps.find((tap) => tap.id === id)!,
      x,
      y,
    );
  expect(centre('stem.conv2', 3, 0)).toEqual([7, 1]);
  expect(centre('stem.out', 3, 0)).toEqual([7, 1]); // rows 0 to 4 are left of its field of -3 to 4
  expect(centre('stages.0.pool', 1, 1)).toEqual([6, 6]);
});

test('the head sees what its average covers: a remainder that pooling drops is in no window', () => {
  const config: NetworkConfig = { ...base, inputSize: 22, stemStride: 4, strides: [2, 2] };
  const plain: NetworkConfig = { ...config, activation: { kind: 'relu' } };
  expect(fieldOf(plain, 'head.pooled', 0, 0)).toEqual([0, 0, 16, 16]); // maps 5, 2, 1: the fifth patch is dropped
  expect(fieldOf(config, 'logits', 0, 0)).toEqual([0, 0, 20, 20]); // a series reaches it through its neighbour
});

/** Which pixels of each tap change, in any channel, when one input pixel does: by computing the network again. Two
 * large changes of opposite sign, so that neither a ReLU nor a maximum can hide them in all channels. */
function changedBy(
  net: VanillaNet,
  config: NetworkConfig,
  ids: readonly string[],
): Map<string, boolean[][]>[] {
  const side = config.inputSize;
  const plane = side * side;
  const images = new Float32Array((1 + 2 * plane) * plane * config.inputChannels);
  for (let pixel = 0; pixel < plane; pixel++)
    for (let c = 0; c < config.inputChannels; c++)
      [1e4, -1e4].forEach((value, sign) => {
        images[((1 + 2 * pixel + sign) * plane + pixel) * config.inputChannels + c] = value;
      });
  const values = new Map<string, { data: Float32Array; shape: number[] }>();
  const hooks = ids.map((id) =>
    net.registerTap(
      id,
      (_, value) => void values.set(id, { data: value.dataSync() as Float32Array, shape: value.shape }),
    ),
  );
  tf.tidy(() => net.apply(tf.tensor4d(images, [1 + 2 * plane, side, side, config.inputChannels]), 'infer'));
  for (const hook of hooks) hook.remove();
  return Array.from({ length: plane }, (_, pixel) => {
    const changed = new Map<string, boolean[][]>();
    for (const [id, { data, shape }] of values) {
      const [height, width, channels] = shape.slice(1) as [number, number, number];
      const each = height * width * channels;
      const differs = (x: number, y: number): boolean => {
        for (let sign = 0; sign < 2; sign++)
          for (let c = 0; c < channels; c++) {
            const at = (y * width + x) * channels + c;
            if (Math.abs(data[(1 + 2 * pixel + sign) * each + at]! - data[at]!) > 1e-6) return true;
          }
        return false;
      };
      changed.set(
        id,
        Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => differs(x, y))),
      );
    }
    return changed;
  });
}

test.each<[string, Partial<NetworkConfig>]>([
  ['stride 1, series', { inputSize: 9, stemStride: 1 }],
  ['stride 2, series', {}],
  ['stride 2, wider series, pooling by 3', { activation: { kind: 'series', n: 2 }, strides: [3, 1] }],
  ['stride 4, ReLU alone', { inputSize: 18, stemStride: 4, activation: { kind: 'relu' } }],
  ['stride 1, shifted ReLUs', { inputSize: 9, stemStride: 1, activation: { kind: 'shifted', n: 3 } }],
])('changing one input pixel changes exactly the taps that see it: %s', (_, change) => {
  const config: NetworkConfig = { ...base, ...change };
  const net = new VanillaNet(config, Random.seeded(7, 'field'));
  net.lambda = 0.5;
  // Weights of 0.02 would let a signal die out on its way.
  for (const [name, variable] of net.parameters)
    if (name.endsWith('weight') && variable.rank === 4)
      tf.tidy(() => variable.assign(tf.randomUniform(variable.shape, -1, 1, 'float32', name.length + 3)));
  const taps = describeTaps(config, false).filter((tap) => tap.block !== 'head');
  const changed = changedBy(
    net,
    config,
    taps.map((tap) => tap.id),
  );
  const wrong: string[] = [];
  for (const tap of taps)
    for (let y = 0; y < tap.shape[0]; y++)
      for (let x = 0; x < tap.shape[1]; x++) {
        const [x0, y0, x1, y1] = receptiveField(config, tap, x, y);
        changed.forEach((of, pixel) => {
          const [inX, inY] = [pixel % config.inputSize, Math.floor(pixel / config.inputSize)];
          const inside = inX >= x0 && inX < x1 && inY >= y0 && inY < y1;
          if (inside !== of.get(tap.id)![y]![x])
            wrong.push(`${tap.id} (${x}, ${y}) by ${inX}, ${inY}: ${inside}`);
        });
      }
  net.dispose();
  expect(wrong.slice(0, 5)).toEqual([]);
});
