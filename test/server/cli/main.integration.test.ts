import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mayHaveGpu } from '../../../server/engine/gpu.ts';
import { TYPESCRIPT } from '../../../server/typescript.mjs';
import { hangStarts, isAlive } from '../runs/hanging.ts';
import { until } from '../runs/helper.ts';

const MAIN = fileURLToPath(new URL('../../../server/main.ts', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vanillascope-cli-'));
});
const programs: Program[] = [];
afterAll(async () => {
  for (const { child } of programs) child.kill('SIGKILL');
  await Promise.all(programs.map((program) => program.end));
  rmSync(folder, { recursive: true, force: true });
});

interface Program {
  child: ChildProcess;
  output: () => string;
  /** Exit code, once it has ended. */
  end: Promise<number | null>;
}

function run(...args: string[]): Program {
  const child = spawn(process.execPath, [...TYPESCRIPT, MAIN, ...args], { cwd: join(MAIN, '../..') });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (text += data.toString()));
  const end = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const program = { child, output: () => text, end };
  programs.push(program);
  return program;
}

async function served(...args: string[]): Promise<Program & { url: string }> {
  const program = run('serve', '--port', '0', ...args);
  await until(() => /ready at/.test(program.output()) || program.child.exitCode !== null, 60_000);
  const url = /vanillascope ready at (http:\/\/127\.0\.0\.1:\d+)\n/.exec(program.output())?.[1];
  if (!url) throw new Error(`no server: ${program.output()}`);
  return { ...program, url };
}

test.each([
  [['--colour'], "unknown option '--colour'"],
  [['serve', '--colour', 'red'], "unknown option '--colour'"],
  [['train', '--epoch', '3'], "unknown option '--epoch'"],
  [['sreve'], "unknown command 'sreve'; valid are"],
  [['--port', 'x'], "option '--port <number>' argument 'x' is invalid. a port is a number from 0 to 65535"],
  [
    ['--backend', 'gpu'],
    "argument 'gpu' is invalid. Allowed choices are auto, tensorflow-gpu, webgpu, tensorflow, wasm, cpu",
  ],
  [['--data', '/nowhere/at/all'], 'there is no folder /nowhere/at/all'],
  [
    ['train', '--dataset', 'mnist'],
    "argument 'mnist' is invalid. Allowed choices are emoji, cifar10, shapes",
  ],
  [['train', '--preset', 'huge'], "argument 'huge' is invalid. Allowed choices are small"],
  [['train', '--epochs', '0'], "argument '0' is invalid. a whole number from 1"],
  [['train', '--seed', '-1'], "argument '-1' is invalid. a whole number from 0"],
])('%j is named, with exit code 2 and a hint', async (args, message) => {
  const program = run(...args);
  expect(await program.end).toBe(2);
  expect(program.output()).toContain(message);
  expect(program.output()).toContain('--help');
  expect(program.output()).not.toContain('    at ');
});

test('help lists the commands, and each command its options', async () => {
  const general = run('--help');
  expect(await general.end).toBe(0);
  for (const name of ['serve', 'train', 'doctor']) expect(general.output()).toContain(`  ${name} `);
  const serve = run('serve', '--help');
  expect(await serve.end).toBe(0);
  for (const option of ['--port', '--host', '--runs', '--backend', '--data', '--no-demo'])
    expect(serve.output()).toContain(option);
});

test('a taken port is named, with the option that chooses another', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const program = run('--port', String(port), '--runs', join(folder, 'taken'), '--no-demo');
  expect(await program.end).toBe(1);
  expect(program.output()).toContain(`port ${port} is taken`);
  expect(program.output()).toContain('--port');
  expect(program.output()).not.toContain('    at ');
  await new Promise((resolve) => other.close(resolve));
});

test('an address that is not of this machine and a runs folder that is none are named', async () => {
  const address = run('--host', '192.0.2.1', '--port', '0', '--runs', join(folder, 'x'), '--no-demo');
  expect(await address.end).toBe(1);
  expect(address.output()).toContain('192.0.2.1 is no address of this machine');
  writeFileSync(join(folder, 'file'), '');
  const runs = run('--runs', join(folder, 'file'), '--no-demo');
  expect(await runs.end).toBe(1);
  expect(runs.output()).toContain("file can't be used");
});

test('a plan that can not be trained is refused before anything is written', async () => {
  const runs = join(folder, 'refused');
  const program = run(
    'train',
    '--dataset',
    'shapes',
    '--epochs',
    '2',
    '--lambda-share',
    '0.9',
    '--runs',
    runs,
  );
  expect(await program.end).toBe(1);
  expect(program.output()).toContain('training.lambda.share');
  expect(program.output()).toContain('--lambda-share');
  expect(readdirSync(runs)).toEqual([]);
});

test('an option that is wrong is named with its value, and makes no folder', async () => {
  const runs = join(folder, 'never made');
  const share = run('train', '--lambda-share', 'much', '--runs', runs);
  expect(await share.end).toBe(2);
  expect(share.output()).toContain("'--lambda-share <share>' argument 'much' is invalid. a number above 0");
  const name = run('train', '--name', '', '--runs', runs);
  expect(await name.end).toBe(1);
  expect(name.output()).toContain("name is ''; valid is text of 1 to 80 characters (--name)");
  const source = run('export', 'x', '--out', join(folder, 'x'), '--runs', runs);
  expect(await source.end).toBe(1);
  expect(source.output()).toContain(`--runs: there is no folder ${runs}`);
  expect(existsSync(runs)).toBe(false);
  writeFileSync(join(folder, 'no cases'), 'PK');
  const cases = run('parity', '--model', join(folder, 'no cases'), '--cases', join(folder, 'no cases'));
  expect(await cases.end).toBe(1);
  expect(cases.output()).toContain(`--model: ${join(folder, 'no cases')} can't be read (not a readable`);
});

test('the server answers, and a signal ends it in order', async () => {
  const server = await served('--no-demo', '--runs', join(folder, 'signal'));
  expect(await (await fetch(`${server.url}/api/runs`)).json()).toEqual([]);
  expect((await fetch(`${server.url}/api/engine`)).status).toBe(200);
  server.child.kill('SIGTERM');
  expect(await server.end).toBe(0);
});

test.each([
  ['serve', 0],
  ['doctor', 130],
])('%s that is ended while engines hang in their start leaves none of them behind', async (name, code) => {
  const pids = hangStarts(9, 1);
  // Where no GPU can be, those that need one are not tried beside the others.
  const started = mayHaveGpu() ? 3 : 2;
  const serve = ['--port', '0', '--no-demo', '--runs', join(folder, 'hanging')];
  const program = run(name, ...(name === 'serve' ? serve : []));
  await until(() => pids().length === started);
  program.child.kill('SIGTERM');
  expect(await program.end).toBe(code);
  await until(() => !pids().some(isAlive));
  expect(pids()).toHaveLength(started);
});

test('a server with an empty runs folder starts a demo run, stops it on a signal, and keeps it', async () => {
  const runs = join(folder, 'demo');
  const server = await served('--backend', 'cpu', '--runs', runs);
  await until(() => server.output().includes('starting a demo run'));
  const [summary] = (await (await fetch(`${server.url}/api/runs`)).json()) as { id: string; name: string }[];
  expect(summary).toMatchObject({ name: 'Demo: emoji', dataset: 'emoji', preset: 'small' });
  server.child.kill('SIGINT');
  expect(await server.end).toBe(0);
  const record = JSON.parse(readFileSync(join(runs, summary!.id, 'run.json'), 'utf8')) as object;
  expect(record).toMatchObject({ state: 'stopped', owner: null });
});

test('a run is trained without a server, its epochs as lines, its records on disk', async () => {
  const runs = join(folder, 'trained');
  const args = ['--dataset', 'shapes', '--epochs', '1', '--no-merge', '--backend', 'wasm', '--runs', runs];
  const program = run('train', '--name', 'by hand', ...args);
  expect(await program.end).toBe(0);
  expect(program.output()).toMatch(/epoch {3}0 {2}λ 1.000 {2}before the first step {2}test \d/);
  expect(program.output()).toMatch(/epoch {3}1 {2}λ \d.\d{3} {2}loss \d.* images\/s/);
  expect(program.output()).toMatch(/run \S+ is finished/);
  const [id] = readdirSync(runs);
  const record = JSON.parse(readFileSync(join(runs, id!, 'run.json'), 'utf8')) as object;
  expect(record).toMatchObject({ state: 'finished', backend: 'wasm', epoch: 1, config: { name: 'by hand' } });
});

test('Ctrl-C stops a training in order, so that it can go on', async () => {
  const runs = join(folder, 'interrupted');
  const program = run('train', '--dataset', 'shapes', '--epochs', '500', '--backend', 'wasm', '--runs', runs);
  await until(() => program.output().includes('epoch   0'), 120_000);
  program.child.kill('SIGINT');
  expect(await program.end).toBe(130);
  const [id] = readdirSync(runs);
  const record = JSON.parse(readFileSync(join(runs, id!, 'run.json'), 'utf8')) as object;
  expect(record).toMatchObject({ state: 'stopped', owner: null });
});
