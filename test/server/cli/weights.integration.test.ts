import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TYPESCRIPT } from '../../../server/typescript.mjs';
import { decodeSafetensors, encodeSafetensors } from '../../../shared/safetensors.ts';

const MAIN = fileURLToPath(new URL('../../../server/main.ts', import.meta.url));

let folder: string;
let runs: string;
let id: string;
let out: string;

/** Runs a command to its end. */
async function command(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [...TYPESCRIPT, MAIN, ...args], { cwd: join(MAIN, '../..') });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}
const train = (into: string, ...args: string[]): ReturnType<typeof command> =>
  command(
    ...['train', '--dataset', 'shapes', '--epochs', '1', '--no-merge', '--backend', 'wasm'],
    ...['--runs', join(folder, into), ...args],
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vanillascope-export-'));
  runs = join(folder, 'runs');
  out = join(folder, 'weights.safetensors');
  expect((await train('runs')).code).toBe(0);
  [id] = readdirSync(runs) as [string];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the weights of a run are written to a file, and another run starts from them', async () => {
  const written = await command('export', id, '--runs', runs, '--out', out);
  expect(written).toEqual({
    code: 0,
    output: expect.stringMatching(/weights.safetensors: snapshot 1 of \S+, epoch 1, λ \S+, deep\n$/),
  });
  const file = decodeSafetensors(readFileSync(out));
  expect(file.tensors.has('stem1.0.weight')).toBe(true);
  expect(JSON.parse(file.metadata.config!)).toMatchObject({ data: { dataset: 'shapes' } });
  const started = await train('second', '--weights', out, '--seed', '5');
  expect(started.code).toBe(0);
  const [second] = readdirSync(join(folder, 'second'));
  const first = join(folder, 'second', second!, 'weights', '0.safetensors');
  expect(decodeSafetensors(readFileSync(first)).tensors).toEqual(file.tensors);
});

test('what can not be exported is named, and no file is written', async () => {
  const nothing = join(folder, 'nothing');
  const merged = await command(
    ...['export', id, '--runs', runs, '--snapshot', '0', '--form', 'merged', '--out', nothing],
  );
  expect(merged).toMatchObject({ code: 1, output: expect.stringContaining("λ is 1 in snapshot '0'") });
  const snapshot = await command('export', id, '--runs', runs, '--snapshot', '9', '--out', nothing);
  expect(snapshot.output).toContain("there is no snapshot '9'; there are 0, 1");
  const run = await command('export', 'nobody', '--runs', runs, '--out', nothing);
  expect(run).toMatchObject({ code: 1, output: expect.stringContaining("there is no run 'nobody'") });
  expect(readdirSync(folder)).not.toContain('nothing');
});

test('a file that can not be started from is named before a run is made, a tensor that does not fit by the run', async () => {
  const missing = await train('refused', '--weights', join(folder, 'absent'));
  expect(missing).toMatchObject({ code: 1, output: expect.stringContaining('--weights: ') });
  const merged = join(folder, 'merged.safetensors');
  const tensor = { dtype: 'F32' as const, shape: [1], data: Float32Array.of(0) };
  writeFileSync(merged, encodeSafetensors(new Map([['stem.0.weight', tensor]])));
  const refused = await train('refused', '--weights', merged);
  expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('it holds a merged network') });
  const strange = join(folder, 'strange.safetensors');
  writeFileSync(strange, encodeSafetensors(new Map([['colour', tensor]])));
  const failed = await train('failed', '--weights', strange);
  expect(failed.code).toBe(1);
  expect(failed.output).toContain('unknown: colour; missing: stem1.0.weight');
});
