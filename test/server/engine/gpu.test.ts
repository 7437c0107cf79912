import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { mayHaveGpu } from '../../../server/engine/gpu.ts';

function folder(...nodes: string[]): string {
  const path = mkdtempSync(join(tmpdir(), 'dev-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  for (const node of nodes) writeFileSync(join(path, node), '');
  return path;
}

test('a driver of a GPU is known by its device node', () => {
  expect(mayHaveGpu('linux', folder('null', 'tty0', 'random'))).toBe(false);
  for (const node of ['nvidia0', 'dxg', 'kfd', 'nvhost-gpu', 'mali0', 'kgsl-3d0'])
    expect(mayHaveGpu('linux', folder('null', node))).toBe(true);
  const drawing = folder('null');
  mkdirSync(join(drawing, 'dri'));
  expect(mayHaveGpu('linux', drawing)).toBe(true);
});

test('where that can not be told there may be one', () => {
  expect(mayHaveGpu('win32', folder('null'))).toBe(true);
  expect(mayHaveGpu('darwin', folder('null'))).toBe(true);
  expect(mayHaveGpu('linux', join(folder(), 'missing'))).toBe(true);
});
