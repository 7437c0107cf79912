import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { reportTraining, type Row } from './trainReport.ts';

const CORES = availableParallelism();

function row(subject: string, change: Partial<Row> = {}): Row {
  return {
    ...{ preset: 'small', batchSize: 512, subject, place: 'cpu', peer: subject.startsWith('PyTorch') },
    ...{ rate: 1000, least: 900, most: 1100, cores: CORES, ratio: 1.25, bestRatio: 1.5 },
    ...{ profile: null, dispatches: null },
    ...change,
  };
}

const report = (...rows: Row[]): string => reportTraining(rows, { rounds: 5, seconds: 1.5 });
const cells = (text: string, subject: string): string[] =>
  text
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .find((line) => line[2] === subject)!;

test('between rungs and PyTorch on the processor no more is said of GPUs than that none was measured', () => {
  const text = report(row('wasm'), row('PyTorch contiguous'));
  expect(text.match(/[^\n]*GPU[^\n]*/g)).toEqual([expect.stringMatching(/^No rung was measured on a GPU/)]);
  expect(text).not.toContain('There was no PyTorch');
  expect(cells(text, 'wasm').slice(1, -1)).toEqual([
    'small, 512',
    'wasm',
    '1,000',
    '900',
    '1,100',
    `${CORES}.00`,
    '1.25',
    '1.50',
  ]);
});

test('a GPU that PyTorch has too is what a rung on a GPU is compared with', () => {
  const text = report(row('webgpu', { place: 'gpu' }), row('PyTorch contiguous, cuda', { place: 'gpu' }));
  expect(text).not.toContain('No rung was measured on a GPU');
  expect(text).toContain('On a GPU: webgpu, compared with the faster PyTorch on the GPU');
});

test('where PyTorch has no GPU, it is said that the ratio is to the processor', () => {
  const text = report(row('webgpu', { place: 'gpu' }), row('PyTorch contiguous'));
  expect(text).toContain('On a GPU: webgpu, compared all the same with PyTorch on the processor');
});

test('where there is no PyTorch, it is said, and the ratio is empty', () => {
  const text = report(row('wasm', { ratio: null, bestRatio: null }));
  expect(text).toContain('There was no PyTorch to compare with.');
  expect(cells(text, 'wasm').slice(-3, -1)).toEqual(['', '']);
});

test('a ratio to PyTorch without cores is in doubt on the processor, and not on a GPU', () => {
  const text = report(
    row('wasm'),
    row('webgpu', { place: 'gpu' }),
    row('PyTorch contiguous', { cores: 0 }),
    row('PyTorch contiguous, cuda', { place: 'gpu', cores: 0 }),
  );
  expect(cells(text, 'wasm').at(-2)).toBe('1.50 ?');
  expect(cells(text, 'webgpu').at(-2)).toBe('1.50');
});

test('kernels and dispatches have lines of their own, and no heading where there are none', () => {
  const profile = { step: 40, outside: 0.25, kernels: [['MatMul', 20, 3] as [string, number, number]] };
  const dispatches = { dispatches: 1234, submits: 56, javascript: 7.89 };
  const both = report(row('wasm', { profile }), row('webgpu', { dispatches }));
  expect(both).toContain('\n- wasm, small, 512: MatMul 100 %; outside 25 % of 40.0 ms');
  expect(both).toContain(
    '\n- webgpu, small, 512: 1,234 dispatches and 56 submits a step, 7.9 ms of JavaScript',
  );
  expect(report(row('wasm'))).not.toMatch(/kernel time|asks of the processor/);
});
