import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { RungId } from '../../../shared/config.ts';
import { TrainerProcess } from '../../../server/runs/process.ts';
import type { SupervisorOptions } from '../../../server/runs/supervisor.ts';
import { RunSession } from '../../../server/runs/session.ts';
import { hangStarts } from './hanging.ts';
import { configure, createBench, FAKE_WORKER, until, type Bench } from './helper.ts';

let bench: Bench;
afterEach(() => bench.close());

test('a run is queued, trained in a process of its own, and finished with all its records on disk', async () => {
  bench = await createBench();
  const { id, state } = await bench.supervisor.start(configure('plain'));
  expect(state).toBe('queued');
  await bench.reach(id, 'finished');
  const folder = bench.store.get(id);
  expect((await folder.metrics()).map((m) => m.epoch)).toEqual([0, 1, 2, 3]);
  expect((await folder.snapshots.list()).map((s) => s.id)).toEqual(['0', '1', '2', '3']);
  expect(await folder.checkpoints.list()).toEqual(['1', '2', '3']);
  const detail = bench.supervisor.detail(id);
  expect(detail).toMatchObject({ backend: 'cpu', engine: 'fake', epoch: 3, testAccuracy: 1, reason: '' });
  expect(detail.probes.map((p) => p.className)).toEqual(['class 0', 'class 1', 'class 2']);
  const states = bench.events.flatMap((e) => (e.type === 'run' && e.id === id ? [e.summary!.state] : []));
  expect([...new Set(states)]).toEqual(['queued', 'preparing', 'running', 'finished']);
  expect(bench.events.filter((e) => e.type === 'step')).toHaveLength(9);
  expect(bench.events.findLast((e) => e.type === 'epoch')).toMatchObject({
    metrics: { epoch: 3 },
    summary: { epoch: 3, testAccuracy: 1 },
    step: { epoch: 3, step: 4 },
  });
});

test('a merge that is told while the metrics before it are written stays told', async () => {
  bench = await createBench();
  const { id } = await bench.supervisor.start(configure('merge=3'));
  await bench.reach(id, 'finished');
  expect(bench.supervisor.detail(id)).toMatchObject({ merged: true, merge: { parametersAfter: 10 } });
});

test('a worker that crashes leaves a failed run with its exit code and its last words', async () => {
  bench = await createBench();
  const { id } = await bench.supervisor.start(configure('crash=2'));
  await bench.reach(id, 'failed');
  const { reason } = bench.supervisor.detail(id);
  expect(reason).toContain('exit code 7');
  expect(reason).toContain('the fake worker was told to crash');
});

test('a failure that the trainer reports is the reason of the failed run', async () => {
  bench = await createBench();
  const { id } = await bench.supervisor.start(configure('nan=2'));
  await bench.reach(id, 'failed');
  expect(bench.supervisor.detail(id).reason).toBe('the loss is NaN in epoch 2');
});

test('a second run waits for the first, and a waiting run can be stopped', async () => {
  bench = await createBench();
  const first = await bench.supervisor.start(configure('silent'));
  const second = await bench.supervisor.start(configure('plain'));
  const third = await bench.supervisor.start(configure('plain'));
  await bench.reach(first.id, 'running');
  expect(bench.supervisor.stop(third.id)).toMatchObject({
    state: 'stopped',
    reason: expect.stringContaining('before it began'),
  });
  expect(bench.supervisor.detail(second.id).state).toBe('queued');
  bench.supervisor.stop(first.id);
  await bench.reach(second.id, 'finished');
  expect(bench.supervisor.detail(first.id)).toMatchObject({ state: 'stopped' });
  expect(bench.supervisor.detail(third.id).state).toBe('stopped');
});

test('a run is paused and resumed, and refuses commands that its state does not allow', async () => {
  bench = await createBench();
  const { id } = await bench.supervisor.start(configure('silent pace=2'));
  await bench.reach(id, 'running');
  bench.supervisor.pause(id);
  await bench.reach(id, 'paused');
  expect(() => bench.supervisor.pause(id)).toThrow(/is paused/);
  await bench.supervisor.resume(id);
  await bench.reach(id, 'running');
  await expect(bench.supervisor.resume(id)).rejects.toThrow(/is running/);
  await expect(bench.supervisor.delete(id)).rejects.toThrow(/is running/);
  bench.supervisor.stop(id);
  await bench.reach(id, 'stopped');
  expect(() => bench.supervisor.stop(id)).toThrow(/is stopped/);
  expect(bench.supervisor.detail(id).reason).toMatch(/^stopped on request after epoch/);
});

test('a stopped run goes on from its last checkpoint, and nothing is recorded twice', async () => {
  bench = await createBench();
  const { id } = await bench.supervisor.start(configure('crash=2', 4));
  await bench.reach(id, 'failed');
  expect(bench.supervisor.detail(id)).toMatchObject({ epoch: 1, resumable: true });
  const folder = bench.store.get(id);
  folder.record.config = { ...folder.record.config, name: 'plain' };
  // Records of an epoch after the checkpoint, as a crash can leave them.
  await folder.addMetrics({ ...(await folder.metrics())[1]!, epoch: 2, testAccuracy: 0.123 });
  await bench.supervisor.resume(id);
  await bench.reach(id, 'finished');
  const metrics = await folder.metrics();
  expect(metrics.map((m) => m.epoch)).toEqual([0, 1, 2, 3, 4]);
  expect(metrics[2]!.testAccuracy).toBe(0.5);
  expect((await folder.snapshots.list()).map((s) => s.id)).toEqual(['0', '1', '2', '3', '4']);
});

test('a run whose last checkpoint is damaged goes on from the one before, with nothing recorded twice', async () => {
  bench = await createBench();
  const { id } = await bench.supervisor.start(configure('crash=3', 4));
  await bench.reach(id, 'failed');
  const folder = bench.store.get(id);
  folder.record.config = { ...folder.record.config, name: 'plain' };
  await truncate(join(folder.path, 'checkpoints', '2.safetensors'), 9);
  await bench.supervisor.resume(id);
  expect(folder.record.epoch).toBe(1);
  await bench.reach(id, 'finished');
  expect((await folder.metrics()).map((m) => m.epoch)).toEqual([0, 1, 2, 3, 4]);
  expect(await folder.checkpoints.list()).toEqual(['2', '3', '4']);
});

test('a run with no checkpoint can not go on, and says so', async () => {
  bench = await createBench({ chosen: () => Promise.reject(new Error('no engine works here')) });
  const { id } = await bench.supervisor.start(configure('plain'));
  await bench.reach(id, 'failed');
  expect(bench.supervisor.detail(id).reason).toBe('no engine works here');
  await expect(bench.supervisor.resume(id)).rejects.toThrow(/no checkpoint/);
  expect(bench.supervisor.detail(id).state).toBe('failed');
});

test('closing stops what is under way, and a deaf worker is killed', async () => {
  bench = await createBench({ shutdownMs: 200 });
  const { id } = await bench.supervisor.start(configure('silent deaf'));
  await bench.reach(id, 'running');
  await bench.supervisor.close();
  expect(bench.supervisor.detail(id)).toMatchObject({ state: 'stopped' });
  expect(bench.supervisor.detail(id).reason).toContain('shut down');
});

test('frames are computed only for what is watched, and only when pulled', async () => {
  bench = await createBench();
  const { id } = await bench.supervisor.start(configure('silent'));
  expect(bench.supervisor.pull(id, 0)).toBe(false);
  bench.supervisor.watch(id, { taps: ['logits'], probes: null });
  await bench.reach(id, 'running');
  const frames = () => bench.events.filter((e) => e.type === 'live').length;
  expect(frames()).toBe(0);
  bench.supervisor.pull(id, 0);
  await until(() => frames() === 1);
  const frame = bench.events.find((e) => e.type === 'live');
  expect(frame).toMatchObject({ id, step: { stepsPerEpoch: 4 } });
  bench.supervisor.watch(id, null);
  bench.supervisor.pull(id, 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(frames()).toBe(1);
});

test('a run whose records can not be written fails with the reason', async () => {
  bench = await createBench();
  const { id } = await bench.supervisor.start(configure('pace=5', 500));
  await bench.reach(id, 'running');
  bench.store.get(id).addMetrics = () => Promise.reject(new Error('ENOSPC: no space left on device'));
  await bench.reach(id, 'failed');
  expect(bench.supervisor.detail(id).reason).toBe(
    "the run can't be recorded: ENOSPC: no space left on device",
  );
});

/** Begins a run of the fake worker, whose process is given `upSeconds` to come up; returns its id. */
async function begin(upSeconds: number): Promise<string> {
  const folder = await bench.store.create(configure('plain'));
  const { config } = folder.record;
  const places = { dataDir: null, cacheDir: bench.path };
  const ignore = (): void => undefined;
  new RunSession({
    folder,
    trainer: new TrainerProcess(FAKE_WORKER, upSeconds),
    start: { type: 'start', config, rung: 'cpu', allowSoftware: false, resume: null, ...places },
    watch: null,
    emit: ignore,
    onEnd: ignore,
  });
  return folder.id;
}

test('a run whose process hangs in its start is begun once more, and finishes', async () => {
  bench = await createBench();
  const pids = hangStarts(1);
  const id = await begin(5);
  await bench.reach(id, 'finished');
  expect(pids()).toHaveLength(2);
  expect(bench.store.get(id).record).toMatchObject({ engine: 'fake', epoch: 3, reason: '' });
});

test('a run whose process never comes up fails with the reason', async () => {
  bench = await createBench();
  hangStarts(9);
  const id = await begin(1);
  await bench.reach(id, 'failed');
  expect(bench.supervisor.detail(id).reason).toBe('the training process did not start within 2 × 1 s');
});

/** A bench whose engine is chosen, or refused, when the test says so. */
async function createUndecided(options: Partial<SupervisorOptions> = {}): Promise<{
  choose: (rung: RungId) => void;
  refuse: (reason: Error) => void;
}> {
  let [choose, refuse]: [(rung: RungId) => void, (reason: Error) => void] = [() => {}, () => {}];
  const choice = new Promise<RungId>((resolve, reject) => ([choose, refuse] = [resolve, reject]));
  bench = await createBench({ chosen: () => choice, ...options });
  return { choose, refuse };
}

test('a run trains in the process whose engine is started, where there is one', async () => {
  const pids = hangStarts(0);
  const ready = [new TrainerProcess(FAKE_WORKER)];
  const taken: RungId[] = [];
  const take = (rung: RungId): TrainerProcess | null => {
    taken.push(rung);
    return ready.pop() ?? null;
  };
  bench = await createBench({ take });
  for (const name of ['taken', 'forked']) {
    const { id } = await bench.supervisor.start(configure(name));
    await bench.reach(id, 'finished');
  }
  expect(taken).toEqual(['cpu', 'cpu']);
  expect(pids()).toHaveLength(2);
});

test('a run that finds no engine, or is stopped before one is chosen, leaves no process', async () => {
  const pids = hangStarts(0);
  const undecided = await createUndecided();
  const stopped = await bench.supervisor.start(configure('stopped'));
  bench.supervisor.stop(stopped.id);
  const failed = await bench.supervisor.start(configure('failed'));
  undecided.refuse(new Error('no engine works here'));
  await bench.reach(failed.id, 'failed');
  expect(bench.supervisor.detail(failed.id).reason).toBe('no engine works here');
  expect(bench.supervisor.detail(stopped.id).state).toBe('stopped');
  expect(pids()).toEqual([]);
});

test('a run that is stopped before the engine is chosen ends the process that it is given', async () => {
  const given = new TrainerProcess(FAKE_WORKER);
  const { choose } = await createUndecided({ take: () => given });
  const { id } = await bench.supervisor.start(configure('stopped'));
  bench.supervisor.stop(id);
  choose('cpu');
  await given.gone;
  expect(bench.supervisor.detail(id).state).toBe('stopped');
});
