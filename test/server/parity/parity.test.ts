import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatParity } from '../../../server/cli/parity.ts';
import { parity, type ParityResult } from '../../../server/parity/parity.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsFile,
  type SafetensorsTensor,
} from '../../../shared/safetensors.ts';
import { usePortable } from '../nn/backends.ts';

beforeAll(() => usePortable('cpu'));

const golden = (name: string): SafetensorsFile =>
  decodeSafetensors(
    readFileSync(fileURLToPath(new URL(`../nn/golden/${name}.safetensors`, import.meta.url))),
  );

function run(
  model: SafetensorsFile,
  cases: ReadonlyMap<string, SafetensorsTensor>,
  metadata = model.metadata,
): Promise<ParityResult> {
  return parity(encodeSafetensors(model.tensors, metadata), encodeSafetensors(cases), 'cpu');
}

const subset = (file: SafetensorsFile, pattern: RegExp): Map<string, SafetensorsTensor> =>
  new Map([...file.tensors].filter(([name]) => /^(input|labels)$/.test(name) || pattern.test(name)));

test.each(['series', 'shifted', 'relu'])(
  'without metadata, the %s network is read off its shapes and the recorded maps',
  async (name) => {
    const [model, cases] = [golden(`${name}.model`), golden(`${name}.cases`)];
    const picked = subset(cases, /^eval/);
    const stated = await run(model, picked);
    const inferred = await run(model, picked, {});
    expect(inferred.network).toEqual({ ...stated.network, bnEpsilon: 1e-6 });
    // The epsilon can't be seen in a shape: the reference's is taken, and suits a model that was made with it.
    if (stated.network.bnEpsilon === 1e-6) expect(inferred.passed).toBe(true);
  },
);

test('without metadata and without maps, the error says that the strides are unknown', async () => {
  const model = golden('series.model');
  const picked = subset(golden('series.cases'), /loss$/);
  await expect(run(model, picked, {})).rejects.toMatchObject({ code: 'INVALID_WEIGHTS', field: 'strides' });
});

test('metadata that contradicts the weights is refused', async () => {
  const model = golden('series.model');
  const { tensors } = golden('series.cases');
  await expect(run(model, tensors, { ...model.metadata, dims: '[4, 6, 7]' })).rejects.toThrow(
    "metadata 'dims' is [4, 6, 7], the weights are of widths [4, 6, 5]",
  );
  await expect(run(model, tensors, { ...model.metadata, act_num: '3' })).rejects.toThrow('3×3');
  await expect(run(model, tensors, { ...model.metadata, bn_eps: 'small' })).rejects.toThrow(
    "'small', no number",
  );
});

test('a merged model gives the deploy taps, and the λ = 0 evaluation taps that it still has', async () => {
  const cases = golden('series.cases');
  const weights = new Map(
    [...cases.tensors]
      .filter(([name]) => name.startsWith('deploy/weights/'))
      .map(([name, tensor]) => [name.slice('deploy/weights/'.length), tensor]),
  );
  const model = { tensors: weights, metadata: golden('series.model').metadata };
  const result = await run(model, subset(cases, /^deploy|^eval\/act_learn=1.0\/(logits|.*out)$/));
  expect(result.merged).toBe(true);
  expect(result.passed).toBe(true);
  expect(result.comparisons.map((c) => c.tensor)).toContain('cls.2.weight');
});

describe('a comparison that can fail', () => {
  const model = golden('relu.model');
  const cases = golden('relu.cases');

  test.each([
    ['a tap', 'eval/act_learn=0.25/stages.0.out'],
    ['the loss', 'train/act_learn=0.25/loss'],
    ['a gradient', 'train/act_learn=0.25/grad/stages.0.conv2.0.weight'],
    ['a running statistic', 'train/act_learn=0.25/after/stem1.1.running_var'],
    ['a merged weight', 'deploy/weights/cls.2.weight'],
    ['a merged tap', 'deploy/logits'],
  ])('fails for %s that is off by a thousandth of the largest', async (_what, name) => {
    const tensor = cases.tensors.get(name)!;
    const data = Float32Array.from(tensor.data as Float32Array);
    const caseId = name.startsWith('train') && name.includes('/grad/') ? /grad/ : new RegExp(`^${name}$`);
    const scale = Math.max(
      ...[...cases.tensors]
        .filter(([other]) => caseId.test(other))
        .flatMap(([, { data }]) => [...(data as Float32Array)].map(Math.abs)),
    );
    data[0]! += scale / 1000;
    const result = await run(model, new Map(cases.tensors).set(name, { ...tensor, data }));
    expect(result.passed).toBe(false);
    const failed = result.comparisons.filter((c) => !c.passed);
    expect(failed.map((c) => `${c.caseId}/${c.tensor}`.replace('/loss/loss', '/loss'))).toEqual([name]);
    expect(failed[0]!.relative).toBeGreaterThan(5e-4);
  });

  test('fails for NaN, for another number of values and for what the network does not have', async () => {
    const name = 'eval/act_learn=0.25/logits';
    const { shape, data } = cases.tensors.get(name)!;
    const nan = Float32Array.from(data as Float32Array).fill(NaN);
    const at = (tensor: SafetensorsTensor, as = name): Promise<ParityResult> =>
      run(model, subset(cases, /^$/).set(as, tensor));
    expect((await at({ dtype: 'F32', shape, data: nan })).passed).toBe(false);
    const short = await at({ dtype: 'F32', shape: [1], data: Float32Array.of(0) });
    expect(short.comparisons[0]).toMatchObject({ passed: false, note: '6 values instead of 1' });
    const absent = await at({ dtype: 'F32', shape, data }, 'eval/act_learn=0.25/stages.7.out');
    expect(absent.comparisons[0]).toMatchObject({
      passed: false,
      note: 'the network has no tap of this name',
    });
  });

  test('reports names that it does not understand and does not pass over them, nor over no case at all', async () => {
    const odd = cases.tensors.get('labels')!;
    for (const name of ['evaluation/logits', 'eval/act_learn=2/logits', 'eval/act_learn=0.25/grad/x']) {
      const result = await run(model, subset(cases, /^deploy/).set(name, odd));
      expect(result.unknown).toEqual([name]);
      expect(result.passed).toBe(false);
      const engine = { rung: 'cpu' as const, device: 'a processor', version: '1' };
      expect(formatParity(result, engine)).toContain(`unknown case: ${name}`);
    }
    expect((await run(model, subset(cases, /^$/))).passed).toBe(false);
  });

  test('needs an input, and labels for training', async () => {
    const without = new Map(cases.tensors);
    without.delete('labels');
    await expect(run(model, without)).rejects.toThrow("needs a tensor 'labels'");
    without.delete('input');
    await expect(run(model, without)).rejects.toThrow("need a tensor 'input'");
  });
});

test('the table names every tensor, its errors and the verdict', async () => {
  const result = await run(golden('relu.model'), golden('relu.cases').tensors);
  const text = formatParity(result, { rung: 'cpu', device: 'a processor', version: 'tfjs 4' });
  expect(text).toContain('engine   cpu: a processor; tfjs 4');
  expect(text).toContain('stem stride 1, widths 3 4, strides 2, 3 classes, ReLU');
  for (const { tensor } of result.comparisons) expect(text).toContain(tensor);
  expect(text).toMatch(/All 53 comparisons passed\.$/);
});
