import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { mergeReport } from '../../../server/nn/mergeReport.ts';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { exportWeights } from '../../../server/nn/weights.ts';
import { Random } from '../../../server/random.ts';
import { countParameters } from '../../../shared/cost.ts';
import { describeTaps } from '../../../shared/network.ts';
import { MergeReport } from '../../../shared/protocol.ts';
import Value from 'typebox/value';
import { usePortable } from './backends.ts';
import { NETWORKS, SERIES } from './networks.ts';

beforeAll(() => usePortable('cpu'));

function probes(size: number): tf.Tensor4D {
  const random = Random.seeded(1, 'probes');
  return tf.tensor4d(
    Float32Array.from({ length: 6 * size * size * 3 }, () => random.normal()),
    [6, size, size, 3],
  );
}

/** A network whose statistics are those of the probes, so that its taps have values of the order of 1. */
function trained(config: typeof SERIES, x: tf.Tensor4D): VanillaNet {
  const net = new VanillaNet({ ...config, bnMomentum: 0.5 }, Random.seeded(2, 'network'));
  for (let i = 0; i < 12; i++) net.apply(x, 'train').dispose();
  return net;
}

describe.each(Object.entries(NETWORKS))('with the %s activation', (_kind, config) => {
  test('at λ = 0 the merge is proved: every tap differs by rounding, every prediction agrees', async () => {
    const x = probes(config.inputSize);
    const net = trained(config, x);
    net.lambda = 0;
    const report = await mergeReport(net, x);
    expect(report.forecast).toBe(false);
    expect(report.taps.map(({ tap }) => tap)).toEqual(describeTaps(config, true).map(({ id }) => id));
    for (const { tap, maxRelative } of report.taps) expect([tap, maxRelative < 1e-5]).toEqual([tap, true]);
    expect(report.agreement).toBe(1);
    net.dispose();
  });

  test('at λ > 0 it is a forecast that grows with λ and leaves the network alone', async () => {
    const x = probes(config.inputSize);
    const net = trained(config, x);
    const before = exportWeights(net);
    const differences: number[] = [];
    for (const lambda of [0.1, 1]) {
      net.lambda = lambda;
      const report = await mergeReport(net, x);
      expect(report).toMatchObject({ forecast: true, lambda });
      differences.push(report.logits.maxAbsolute);
    }
    expect(differences[0]).toBeGreaterThan(1e-3);
    expect(differences[1]).toBeGreaterThan(differences[0]!);
    expect(net.merged).toBe(false);
    expect(net.lambda).toBe(1);
    expect(exportWeights(net)).toEqual(before);
    net.dispose();
  });
});

test('the report fits its schema, counts the parameters that the networks have, and keeps no tensor', async () => {
  const x = probes(SERIES.inputSize);
  const net = trained(SERIES, x);
  net.apply(x, 'infer').dispose(); // the network keeps its folded weights
  const tensors = tf.memory().numTensors;
  const report = await mergeReport(net, x);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(Value.Check(MergeReport, report)).toBe(true);
  const sizes = (one: VanillaNet): number =>
    [...one.parameters.values()].reduce((sum, variable) => sum + variable.size, 0);
  expect(report.deep.parameters).toBe(sizes(net));
  net.lambda = 0;
  net.merge();
  expect(report.merged.parameters).toBe(sizes(net));
  expect(report).toMatchObject({ probes: 6, deep: { layers: 8 }, merged: { layers: 4 } });
  expect(report.deep.milliseconds).toBeGreaterThan(0);
  expect(report.merged.milliseconds).toBeGreaterThan(0);
  net.dispose();
});

test('a merged network has nothing to be compared with', async () => {
  const net = new VanillaNet(SERIES, null);
  net.lambda = 0;
  net.merge();
  await expect(mergeReport(net, probes(SERIES.inputSize))).rejects.toMatchObject({ code: 'CONFLICT' });
  net.dispose();
});

test('the costs of all three kinds of activation are those of the networks', () => {
  for (const config of Object.values(NETWORKS)) {
    const net = new VanillaNet(config, null);
    const sizes = (): number => [...net.parameters.values()].reduce((sum, { size }) => sum + size, 0);
    expect(countParameters(config, false)).toBe(sizes());
    net.lambda = 0;
    net.merge();
    expect(countParameters(config, true)).toBe(sizes());
    net.dispose();
  }
});
