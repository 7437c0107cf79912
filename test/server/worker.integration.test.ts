import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { decodeFrame } from '../../shared/frame.ts';
import type { TrainerCommand, TrainerEvent } from '../../server/training/messages.ts';
import { TYPESCRIPT } from '../../server/typescript.mjs';
import { only, tinyConfig, type Changes } from './training/tiny.ts';

const WORKER = fileURLToPath(new URL('../../server/worker.ts', import.meta.url));
const PARENT = fileURLToPath(new URL('worker.parent.ts', import.meta.url));

let cacheDir: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'vanillascope-worker-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

/** A training process with all that it has said, and its exit code once it has ended. */
class Worker {
  readonly events: TrainerEvent[] = [];
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  #listeners = new Set<() => void>();

  constructor() {
    this.child = fork(WORKER, [], {
      execArgv: [...TYPESCRIPT],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    children.push(this.child);
    this.child.on('message', (event) => {
      this.events.push(event as TrainerEvent);
      for (const listener of this.#listeners) listener();
    });
    this.exit = new Promise((resolve) => this.child.on('exit', (code) => resolve(code)));
  }

  send(command: TrainerCommand): void {
    this.child.send(command);
  }

  start(changes: Changes = {}): void {
    const config = { ...tinyConfig(changes), backend: 'wasm' as const };
    this.send({
      type: 'start',
      config,
      rung: 'wasm',
      allowSoftware: false,
      dataDir: null,
      cacheDir,
      resume: null,
    });
  }

  /** The next event of a type after those seen before `from`. */
  async next<T extends TrainerEvent['type']>(type: T, from = 0): Promise<TrainerEvent & { type: T }> {
    for (;;) {
      const [found] = only(this.events.slice(from), type);
      if (found) return found;
      await new Promise<void>((resolve, reject) => {
        const listener = (): void => {
          this.#listeners.delete(listener);
          resolve();
        };
        this.#listeners.add(listener);
        void this.exit.then(() => reject(new Error(`the process ended without '${type}'`)));
      });
    }
  }
}

/** Far more epochs than a test waits for. */
const LONG: Changes = { training: { epochs: 5000 }, recording: { every: 5000, checkpointEvery: 5000 } };

test('a training process prepares, trains, reports and ends by itself', async () => {
  const worker = new Worker();
  worker.start({ training: { epochs: 3, batchSize: 500 } });
  expect(await worker.exit).toBe(0);
  expect(worker.events.at(-1)).toEqual({ type: 'end', reason: 'finished' });
  const ready = only(worker.events, 'ready')[0]!;
  expect(ready).toMatchObject({ backend: 'wasm', trainImages: 49, testImages: 14 });
  expect(worker.events.indexOf(ready)).toBeGreaterThan(0);
  expect(worker.events.slice(0, worker.events.indexOf(ready)).every((e) => e.type === 'preparing')).toBe(
    true,
  );
  const snapshots = only(worker.events, 'snapshot');
  expect(snapshots.map((s) => s.id)).toEqual(['0', '1', '2', '3', '3m']);
  for (const { bytes } of snapshots) expect(decodeFrame(bytes).probes.length).toBe(7);
});

test('it tries an engine, and trains on it without starting it again', async () => {
  const worker = new Worker();
  worker.send({ type: 'try', rung: 'wasm', allowSoftware: false });
  const { report } = await worker.next('tried');
  expect(report).toMatchObject({
    ...{ id: 'wasm', title: 'WebAssembly', verdict: 'passed', reason: 'loss and gradients are right' },
    version: expect.stringContaining('tfjs-backend-wasm') as string,
  });
  expect(report.seconds).toBeGreaterThan(0);
  worker.start({ training: { epochs: 3, batchSize: 500 } });
  expect(await worker.exit).toBe(0);
  expect(only(worker.events, 'ready')[0]).toMatchObject({ backend: 'wasm' });
  const prepared = only(worker.events, 'preparing').map(({ what }) => what);
  expect(prepared.filter((what) => what.includes('engine'))).toEqual([]);
});

test('one engine a process: after another was tried, a training is refused', async () => {
  const worker = new Worker();
  worker.send({ type: 'try', rung: 'cpu', allowSoftware: false });
  await worker.next('tried');
  worker.start();
  expect(await worker.next('failure')).toMatchObject({
    message: "the training process has the engine cpu, and can't start wasm",
  });
  expect(await worker.exit).toBe(1);
});

test('a process whose engine does not pass says why and ends', async () => {
  const worker = new Worker();
  worker.send({ type: 'try', rung: 'abacus' as 'cpu', allowSoftware: false });
  const { report } = await worker.next('tried');
  expect(report).toMatchObject({
    ...{ id: 'abacus', verdict: 'failed', version: null, seconds: null },
    reason: expect.stringContaining("engine 'abacus' is unknown") as string,
  });
  expect(await worker.exit).toBe(0);
});

test('it answers pulls, pauses, resumes and stops', async () => {
  const worker = new Worker();
  worker.start(LONG);
  worker.send({ type: 'watch', watch: { taps: ['stem.out'], probes: [0] } });
  await worker.next('epoch');
  worker.send({ type: 'pull', after: 0, every: null });
  expect(decodeFrame((await worker.next('live')).bytes).taps.map((tap) => tap.id)).toEqual(['stem.out']);
  worker.send({ type: 'pause' });
  await worker.next('paused');
  const from = worker.events.length;
  worker.send({ type: 'pull', after: 30, every: null });
  await worker.next('live', from);
  for (const type of ['step', 'epoch'] as const) expect(only(worker.events.slice(from), type)).toEqual([]);
  worker.send({ type: 'resume' });
  await worker.next('resumed');
  await worker.next('epoch', from);
  worker.send({ type: 'stop' });
  expect(await worker.exit).toBe(0);
  expect(worker.events.at(-1)).toEqual({ type: 'end', reason: 'stopped' });
});

test('stopped while it prepares, it ends at once', async () => {
  const worker = new Worker();
  worker.start(LONG);
  worker.send({ type: 'stop' });
  expect(await worker.exit).toBe(0);
  expect(worker.events.at(-1)).toEqual({ type: 'end', reason: 'stopped' });
  expect(only(worker.events, 'epoch')).toEqual([]);
});

test('what it cannot do is reported as a failure, and it exits with 1', async () => {
  const diverging = new Worker();
  const optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 0 } as const;
  diverging.start({
    training: { ...LONG.training, learningRate: 100, warmupEpochs: 0, labelSmoothing: 0, optimizer },
  });
  const wrong = new Worker();
  wrong.start({ network: { strides: [2, 2, 2] } });
  expect(await Promise.all([diverging.exit, wrong.exit])).toEqual([1, 1]);
  expect(diverging.events.at(-1)).toMatchObject({ type: 'failure', code: 'NON_FINITE' });
  expect(wrong.events.at(-1)).toMatchObject({
    type: 'failure',
    code: 'INVALID_CONFIG',
    field: 'network.strides',
  });
});

test('an interrupt from the terminal leaves it training: the server decides', async () => {
  const worker = new Worker();
  worker.start(LONG);
  await worker.next('epoch');
  worker.child.kill('SIGINT');
  const from = worker.events.length;
  await worker.next('epoch', from);
  worker.send({ type: 'stop' });
  expect(await worker.exit).toBe(0);
});

test('it dies with its parent, however that ends', async () => {
  const parent = fork(PARENT, [WORKER, cacheDir], { execArgv: [...TYPESCRIPT], serialization: 'advanced' });
  children.push(parent);
  const pid = await new Promise<number>((resolve) =>
    parent.once('message', (message) => resolve(message as number)),
  );
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
