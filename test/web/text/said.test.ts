import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkMemory } from '../../../server/engine/memory.ts';
import { describeDatasets } from '../../../server/datasets/catalogue.ts';
import { check } from '../../../server/runs/check.ts';
import { diverged } from '../../../server/training/failure.ts';
import { findPreset, resolveRun } from '../../../shared/presets.ts';
import { RunRequest } from '../../../shared/protocol.ts';
import { SHAPES } from '../../../server/datasets/shapes.ts';
import { said } from '../../../web/src/lib/text/said.ts';

const CHINESE = /\p{Script=Han}/u;
const server = (path: string): string =>
  readFileSync(new URL(`../../../server/${path}`, import.meta.url), 'utf8');

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

test('English readers get the words of the server as they are', () => {
  expect(said('not tried yet', 'en')).toEqual({ text: 'not tried yet' });
});

test('what no pattern knows stays as it is and is marked as English', () => {
  expect(said('EACCES: permission denied', 'zh')).toEqual({ text: 'EACCES: permission denied', lang: 'en' });
});

describe('sentences that stand in the source of the server have a translation beside the original', () => {
  const sentences: Record<string, string[]> = {
    'runs/attempt.ts': ['not tried yet'],
    'runs/ladder.ts': [
      'no driver of a GPU is here, so it is tried last',
      'asked for with --backend, and it passes',
      'the first of the ladder, and it passes',
    ],
    'engine/trial.ts': ['loss and gradients are right'],
    'engine/webgpu/adapter.ts': [
      'a software adapter, slower than wasm',
      'no WebGPU adapter: no GPU with Vulkan, Metal or Direct3D 12',
      'install the GPU driver with its Vulkan part, and libvulkan1',
      'npm install webgpu, on Linux (x64, arm64), macOS or Windows',
      'ask for it by name to use it all the same: --backend webgpu',
    ],
    'engine/tensorflow/addon.ts': [
      'npm run native (builds the addon against an installed TensorFlow)',
      '@tensorflow/tfjs-node-gpu is not installed',
    ],
    'engine/tensorflow/start.ts': [
      'an NVIDIA GPU with its driver, a TensorFlow built for its CUDA, then npm run native',
    ],
    'runs/supervisor.ts': [
      'stopped on request before it began',
      'the program was shut down before the run began',
    ],
    'runs/record.ts': ['run.json is not JSON: it is damaged or half-written'],
    'runs/measures.ts': [
      'nothing has been measured of this run: its first snapshot is not complete, or an earlier version recorded it',
    ],
    'datasets/catalogue.ts': [
      'comes with the project; drawn once, then kept on disk',
      'drawn anew each time',
    ],
  };
  test.for(Object.entries(sentences))('%s', ([path, list]) => {
    const source = server(path);
    for (const sentence of list) {
      expect(source).toContain(sentence);
      expect(said(sentence, 'zh')).toEqual({
        text: expect.stringMatching(CHINESE) as string,
        original: sentence,
      });
    }
  });
});

test('the reason for an engine names those that were passed over, and why', () => {
  const why =
    'the best that passes: tensorflow-gpu, webgpu and tensorflow were passed over ' +
    '(TensorFlow 2.21.0 finds no GPU that it can use; a software adapter; its process ended with code 1)';
  expect(said(why, 'zh').text).toBe(
    '通过者中最好的；未采用 tensorflow-gpu、webgpu、tensorflow' +
      '（TensorFlow 2.21.0 找不到可用的 GPU；软件适配器；其进程以代码 1 退出）',
  );
});

test.each([
  ['its process did not start within 2 × 30 s', '其进程在 2 × 30 秒内未能启动'],
  ['its process did not start: spawn EAGAIN', '其进程未能启动：spawn EAGAIN'],
  ['the training process did not start within 2 × 30 s', '训练进程在 2 × 30 秒内未能启动'],
  [
    'the analysis process did not start within 2 × 30 s: some banner',
    '分析进程在 2 × 30 秒内未能启动：some banner',
  ],
  [
    'the training process ended with exit code 7; its last words: Error: boom',
    '训练进程以代码 7 退出；最后的输出：Error: boom',
  ],
])('%s', (reason, expected) => {
  expect(said(reason, 'zh').text).toBe(expected);
});

test('a diverged training keeps its numbers', () => {
  const { message } = diverged('the training loss is NaN', { epoch: 3, step: 17, learningRate: 0.1 });
  expect(said(message, 'zh').text).toMatch(/第 3 轮第 17 步：训练损失为 NaN.*（0\.02 而不是 0\.1）/);
});

test('a plan too large for wasm keeps its numbers', () => {
  const { network } = findPreset('small');
  const full = { ...network, inputSize: 64, inputChannels: 3, classes: 10 };
  const message = messageOf(() => checkMemory('wasm', full, 100_000));
  expect(said(message, 'zh').text).toMatch(/^批大小 100000 需要 [\d.]+ GB.*最多 \d+$/);
});

test.for([
  [{ data: { dataset: 'shapes' }, training: { epochs: 0 } }, /training\.epochs 为 0；有效值：≥ 1 .*整数/],
  [{ data: { dataset: 'shapes' }, colour: 1 }, /^colour 未知；此处可用：name, /],
  [{}, /^缺少 data；有效值：/],
] as const)('a value that is refused is named, and so is what is valid (%o)', ([request, expected]) => {
  const message = messageOf(() => check(RunRequest, request));
  expect(said(message, 'zh').text).toMatch(expected);
});

test('λ that would not reach 0 before the merge is told in the form', () => {
  const training = { epochs: 10, mergeBeforeEnd: 5, lambda: { share: 1 } };
  const message = messageOf(() =>
    resolveRun({ data: { dataset: 'shapes' }, training } as unknown as RunRequest, SHAPES),
  );
  expect(said(message, 'zh')).toMatchObject({
    text: expect.stringMatching(/退火占比 1.*更多轮数/) as string,
  });
});

test('where a data set is missing, the files and the option are named', async () => {
  const places = { dataDir: '/nowhere/data', cacheDir: '/nowhere/cache' };
  const cifar = (await describeDatasets(places)).find(({ id }) => id === 'cifar10')!;
  const { text } = said(cifar.note, 'zh');
  expect(text).toMatch(CHINESE);
  for (const word of ['/nowhere/data', 'data_batch_1.bin', 'test_batch.bin', '--data DIR'])
    expect(text).toContain(word);
});

test('a refused command tells the state in the words of the page', () => {
  const refusal = "run '20261124-a' is finished: can't pause; only a run that is running can";
  expect(said(refusal, 'zh').text).toBe('训练“20261124-a”已完成，不能暂停；仅限训练中的训练');
});

test.each([
  ["there is no run 'x'; there is none yet", '没有训练“x”'],
  ["there is no run 'x'; there are b, a", '没有训练“x”；现有 b、a'],
  ["there is no run 'x'; there are c, b, a and 5 more", '没有训练“x”；现有 c、b、a 等，另有 5 个'],
])('%s', (message, expected) => {
  expect(said(message, 'zh').text).toBe(expected);
});
