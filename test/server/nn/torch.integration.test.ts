import * as tf from '@tensorflow/tfjs-core';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { exportWeights } from '../../../server/nn/weights.ts';
import { encodeWeights } from '../../../server/nn/weightsFile.ts';
import { Random } from '../../../server/random.ts';
import { encodeSafetensors } from '../../../shared/safetensors.ts';
import { usePortable } from './backends.ts';
import { NETWORKS } from './networks.ts';

const PYTHON = process.env.VANILLASCOPE_PYTHON ?? 'python3';
const SCRIPT = fileURLToPath(new URL('torch_check.py', import.meta.url));
const hasTorch = spawnSync(PYTHON, ['-c', 'import torch, safetensors']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'vanillascope-torch-'));
beforeAll(() => usePortable('cpu'));
afterAll(() => rmSync(folder, { recursive: true }));

/** PyTorch's logits of a network of ours for these images. */
function torchLogits(net: VanillaNet, input: Float32Array, shape: number[]): number[][] {
  const [weights, cases] = [join(folder, 'weights.safetensors'), join(folder, 'cases.safetensors')];
  writeFileSync(weights, encodeWeights(exportWeights(net), net.config));
  const slope = Float32Array.of(1 - net.lambda);
  writeFileSync(
    cases,
    encodeSafetensors(
      new Map([
        ['input', { dtype: 'F32' as const, shape, data: input }],
        ['slope', { dtype: 'F32' as const, shape: [1], data: slope }],
      ]),
    ),
  );
  const run = spawnSync(PYTHON, ['-B', SCRIPT, weights, cases], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr.slice(-2000));
  return JSON.parse(run.stdout) as number[][];
}

describe.each(Object.entries(NETWORKS))('the %s network', (_kind, config) => {
  test.skipIf(!hasTorch)(
    'loads in PyTorch with strict names, deep and merged, and gives the same logits (skipped without python3 and torch)',
    () => {
      const random = Random.seeded(4, 'torch');
      const net = new VanillaNet(config, random);
      const { inputSize, inputChannels } = config;
      const shape: [number, number, number, number] = [3, inputChannels, inputSize, inputSize];
      const input = Float32Array.from({ length: 3 * inputChannels * inputSize ** 2 }, () => random.normal());
      const x = tf.transpose(tf.tensor(input, shape), [0, 2, 3, 1]) as tf.Tensor4D;
      for (let i = 0; i < 5; i++) net.apply(x, 'train').dispose();

      const check = (): void => {
        const ours = net.apply(x, 'infer').dataSync();
        const theirs = torchLogits(net, input, shape).flat();
        const scale = Math.max(...theirs.map(Math.abs));
        const worst = Math.max(...theirs.map((v, i) => Math.abs(v - ours[i]!) / scale));
        expect(ours).toHaveLength(theirs.length);
        expect(worst).toBeLessThan(1e-5);
      };
      net.lambda = 0.7;
      check();
      net.lambda = 0;
      net.merge();
      check();
      net.dispose();
    },
  );
});
