import { beforeAll, describe, expect, test } from 'vitest';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { exportWeights, importWeights, readWeights } from '../../../server/nn/weights.ts';
import { Random } from '../../../server/random.ts';
import { usePortable } from './backends.ts';
import { NETWORKS, SERIES } from './networks.ts';

beforeAll(() => usePortable('cpu'));

const network = (config = SERIES, seed = 3): VanillaNet =>
  new VanillaNet(config, Random.seeded(seed, 'weights'));

describe.each(Object.entries(NETWORKS))('the %s network', (_kind, config) => {
  test('takes back what it exported, deep and merged, into another network', async () => {
    for (const merged of [false, true]) {
      const [from, to] = [network(config, 1), network(config, 2)];
      for (const net of [from, to]) {
        net.lambda = 0;
        if (merged) net.merge();
      }
      const weights = exportWeights(from);
      importWeights(to, weights);
      expect(exportWeights(to)).toEqual(weights);
      expect(await readWeights(to)).toEqual(weights);
      from.dispose();
      to.dispose();
    }
  });
});

test('convolutions are stored as OIHW, depthwise ones as [C, 1, k, k]', () => {
  const net = network();
  const weights = exportWeights(net);
  expect(weights.get('stem1.0.weight')!.shape).toEqual([4, 3, 4, 4]);
  expect(weights.get('stages.0.conv2.0.weight')!.shape).toEqual([6, 4, 1, 1]);
  expect(weights.get('stages.0.act.weight')!.shape).toEqual([6, 1, 3, 3]);
  expect(weights.get('stem1.1.running_var')!.shape).toEqual([4]);
  // Ours is [row, column, input, output]: the stored second value is the next column of the first input.
  const ours = net.parameters.get('stem1.0.weight')!.dataSync();
  expect(weights.get('stem1.0.weight')!.data[1]).toBe(ours[12]);
  net.dispose();
});

test('unknown, missing and misshapen tensors are all named, and nothing is half-loaded', () => {
  const net = network(SERIES, 1);
  const before = exportWeights(net);
  const other = network(SERIES, 2);
  const weights = exportWeights(other);
  weights.set('stem3.weight', { shape: [1], data: new Float32Array(1) });
  weights.delete('cls2.0.bias');
  weights.set('cls1.3.weight', { shape: [5], data: new Float32Array(5) });
  const attempt = (): void => importWeights(net, weights);
  expect(attempt).toThrowError(expect.objectContaining({ code: 'INVALID_WEIGHTS' }));
  expect(attempt).toThrow('unknown: stem3.weight');
  expect(attempt).toThrow('missing: cls2.0.bias');
  expect(attempt).toThrow('misshapen: cls1.3.weight is [5], [4] is valid');
  expect(exportWeights(net)).toEqual(before);
  net.dispose();
  other.dispose();
});

test('counters of batches are passed over, and merged weights do not fit a deep network', () => {
  const net = network();
  const weights = exportWeights(net);
  weights.set('stem1.1.num_batches_tracked', { shape: [], data: new Float32Array(1) });
  importWeights(net, weights);
  const merged = net.copy();
  merged.lambda = 0;
  merged.merge();
  expect(() => importWeights(net, exportWeights(merged))).toThrow("don't fit the deep network");
  merged.dispose();
  net.dispose();
});
