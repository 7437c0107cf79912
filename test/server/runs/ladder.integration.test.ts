import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { formatReport } from '../../../server/cli/doctor.ts';
import { findAddon } from '../../../server/engine/tensorflow/addon.ts';
import { tryRung } from '../../../server/runs/attempt.ts';
import { Ladder } from '../../../server/runs/ladder.ts';
import type { EngineReport } from '../../../shared/protocol.ts';
import { hangStarts, isAlive } from './hanging.ts';
import { until } from './helper.ts';

const folder = mkdtempSync(join(tmpdir(), 'ladder-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A stand-in for the training process: passes and waits, or dies, as told for each rung. */
function entry(name: string, behaviour: Record<string, string>): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(
    path,
    `process.on('disconnect', () => process.exit(1));
     process.on('message', ({ rung: id, allowSoftware }) => {
       const base = { id, title: id, device: 'd', version: 'v', reason: '', remedy: '', seconds: 0 };
       const tell = (verdict) => process.send({ type: 'tried', report: { ...base, verdict } });
       switch ((${JSON.stringify(behaviour)})[id]) {
         case 'pass': tell('passed'); break;
         case 'late': setTimeout(() => tell('passed'), 700); break;
         case 'software': tell(allowSoftware ? 'passed' : 'software'); if (!allowSoftware) process.disconnect(); break;
         case 'abort': console.error('terminate called after throwing'); process.abort();
         case 'hang': break;
         case 'fail': process.send({ type: 'failure', code: 'INTERNAL', message: 'out of luck' }, () => process.exit(1)); break;
         default: console.error('some banner'); console.error('Error: boom'); process.exit(3);
       }
     });`,
  );
  return path;
}

const verdicts = (report: EngineReport) => Object.fromEntries(report.rungs.map((r) => [r.id, r.verdict]));

test('a crash, a hang and an exit are failures with their reason, and the best rung left is used', async () => {
  const ladder = new Ladder({
    requested: 'auto',
    gpu: true,
    timeoutSeconds: 5,
    entry: entry('mixed', { 'tensorflow-gpu': 'abort', webgpu: 'hang', wasm: 'pass', cpu: 'pass' }),
  });
  const seen: EngineReport[] = [];
  ladder.subscribe((report) => seen.push(report));
  expect(await ladder.chosen()).toBe('wasm');
  const report = await ladder.test();
  expect(verdicts(report)).toEqual({
    'tensorflow-gpu': 'failed',
    webgpu: 'failed',
    tensorflow: 'failed',
    wasm: 'used',
    cpu: 'passed',
  });
  expect(report.rungs[0]!.reason).toBe('its process was ended by SIGABRT: terminate called after throwing');
  expect(report.rungs[1]!.reason).toBe('no answer within 5 s');
  expect(report.rungs[2]!.reason).toBe('its process ended with code 3: Error: boom');
  expect(report.rungs[3]!.reason).toBe(
    'the best that passes: tensorflow-gpu, webgpu and tensorflow were passed over ' +
      '(its process was ended by SIGABRT; no answer within 5 s; its process ended with code 3)',
  );
  expect(report).toMatchObject({ chosen: 'wasm', testing: false, requested: 'auto' });
  expect(seen[0]).toMatchObject({ testing: true, chosen: null });
  expect(seen.at(-1)).toEqual(report);
});

test('a requested rung is tried first, with software allowed, and used although better ones pass', async () => {
  const ladder = new Ladder({
    requested: 'webgpu',
    entry: entry('software', { 'tensorflow-gpu': 'pass', webgpu: 'software', cpu: 'pass' }),
  });
  const first = new Promise<EngineReport>((resolve) => {
    ladder.subscribe((report) => report.rungs.some((r) => r.verdict !== 'untested') && resolve(report));
  });
  expect(await ladder.chosen()).toBe('webgpu');
  expect(verdicts(await first)).toMatchObject({ webgpu: 'used', 'tensorflow-gpu': 'untested' });
  expect(verdicts(await ladder.test())).toMatchObject({ 'tensorflow-gpu': 'passed', webgpu: 'used' });
  expect(ladder.report.rungs[1]!.reason).toBe('asked for with --backend, and it passes');
});

test('a rung that passes soon waits for the better ones, and what is left is tried after the choice', async () => {
  const ladder = new Ladder({
    requested: 'auto',
    gpu: true,
    entry: entry('late', { webgpu: 'late', tensorflow: 'pass', wasm: 'pass', cpu: 'pass' }),
  });
  const chosen: (string | null)[] = [];
  ladder.subscribe((report) => {
    if (verdicts(report)['tensorflow'] === 'passed') chosen.push(report.chosen);
  });
  expect(await ladder.chosen()).toBe('webgpu');
  expect(chosen[0]).toBeNull();
  expect(verdicts(ladder.report)).toMatchObject({ cpu: 'untested' });
  expect(verdicts(await ladder.test())).toEqual({
    'tensorflow-gpu': 'failed',
    webgpu: 'used',
    tensorflow: 'passed',
    wasm: 'passed',
    cpu: 'passed',
  });
});

test('without a GPU, what runs on one is tried last, and chosen only where nothing else works', async () => {
  const script = entry('nogpu', {
    'tensorflow-gpu': 'pass',
    webgpu: 'hang',
    tensorflow: 'fail',
    wasm: 'pass',
  });
  const ladder = new Ladder({ requested: 'auto', gpu: false, timeoutSeconds: 5, entry: script });
  expect(await ladder.chosen()).toBe('wasm');
  const untried = { verdict: 'untested', reason: 'no driver of a GPU is here, so it is tried last' };
  expect(ladder.report.rungs.slice(0, 2)).toMatchObject([untried, untried]);
  expect(ladder.report.rungs[3]!.reason).toBe(
    'the best that passes: tensorflow-gpu, webgpu and tensorflow were passed over ' +
      '(no driver of a GPU is here; out of luck)',
  );
  expect(verdicts(await ladder.test())).toMatchObject({ 'tensorflow-gpu': 'passed', webgpu: 'failed' });
  const only = new Ladder({
    requested: 'auto',
    gpu: false,
    entry: entry('onlygpu', { webgpu: 'pass', cpu: 'pass' }),
  });
  expect(await only.chosen()).toBe('webgpu');
});

test('software is passed over where it was not asked for', async () => {
  const ladder = new Ladder({
    requested: 'auto',
    gpu: true,
    entry: entry('software2', { webgpu: 'software', cpu: 'pass' }),
  });
  expect(await ladder.chosen()).toBe('cpu');
  expect(verdicts(ladder.report)).toMatchObject({ webgpu: 'software' });
});

test('a requested rung that fails is an error with its reason, whatever else works', async () => {
  const ladder = new Ladder({ requested: 'tensorflow', entry: entry('one', { cpu: 'pass' }) });
  await expect(ladder.chosen()).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    field: 'backend',
    message: expect.stringMatching(/tensorflow: its process ended with code 3: Error: boom$/),
  });
  expect((await ladder.test()).chosen).toBeNull();
});

test('where nothing works, every reason is named', async () => {
  const ladder = new Ladder({ requested: 'auto', gpu: true, entry: entry('none', {}) });
  await expect(ladder.chosen()).rejects.toThrow(/no engine works here: tensorflow-gpu: .*; cpu: /);
});

test('a rung whose process never comes up has failed, with the reason', async () => {
  hangStarts(2);
  const ladder = new Ladder({
    requested: 'cpu',
    upSeconds: 3,
    entry: entry('up', { cpu: 'pass', wasm: 'pass' }),
  });
  await expect(ladder.chosen()).rejects.toThrow(/cpu: its process did not start within 2 × 3 s/);
  expect(verdicts(await ladder.test())).toMatchObject({ cpu: 'failed', wasm: 'passed' });
});

test('a process that fails by itself says why', async () => {
  const report = await tryRung('cpu', { entry: entry('fails', { cpu: 'fail' }) });
  expect(report).toMatchObject({ id: 'cpu', verdict: 'failed', reason: 'out of luck' });
});

test('the process of the chosen rung can be taken once, and those of the others end', async () => {
  const pids = hangStarts(0);
  const ladder = new Ladder({
    requested: 'auto',
    gpu: true,
    pauseSeconds: 1000,
    entry: entry('kept', { webgpu: 'late', tensorflow: 'pass', wasm: 'pass' }),
  });
  expect(await ladder.chosen()).toBe('webgpu');
  expect(ladder.take('tensorflow')).toBeNull();
  await until(() => pids().filter(isAlive).length === 1);
  const trainer = ladder.take('webgpu')!;
  expect(ladder.take('webgpu')).toBeNull();
  ladder.close();
  expect(pids().filter(isAlive)).toHaveLength(1);
  trainer.kill();
  await trainer.gone;
  expect(pids().filter(isAlive)).toEqual([]);
});

test('a process that nobody takes ends once the rest is tried, or with the program', async () => {
  const pids = hangStarts(0);
  const script = entry('left', { wasm: 'pass', cpu: 'pass' });
  const ladder = new Ladder({ requested: 'wasm', entry: script });
  await ladder.test();
  expect(ladder.take('wasm')).toBeNull();
  const closed = new Ladder({ requested: 'wasm', entry: script, pauseSeconds: 1000 });
  await closed.chosen();
  closed.close();
  expect(closed.take('wasm')).toBeNull();
  await until(() => !pids().some(isAlive));
});

test('a chosen process that has died is not given away', async () => {
  const pids = hangStarts(0);
  const ladder = new Ladder({
    requested: 'wasm',
    pauseSeconds: 1000,
    entry: entry('died', { wasm: 'pass' }),
  });
  await ladder.chosen();
  process.kill(pids()[0]!, 'SIGKILL');
  await until(() => ladder.take('wasm') === null);
  ladder.close();
});

test('a ladder that is closed ends what it tries and tries no more', async () => {
  const pids = hangStarts(9);
  const ladder = new Ladder({ requested: 'auto', gpu: true, entry: entry('closed', {}) });
  const chosen = expect(ladder.chosen()).rejects.toThrow('the program is ending');
  await until(() => pids().length === 2);
  ladder.close();
  const report = await ladder.test();
  await chosen;
  expect(report).toMatchObject({ chosen: null, testing: false });
  expect(new Set(report.rungs.map((rung) => rung.verdict))).toEqual(new Set(['untested']));
  await until(() => !pids().some(isAlive));
  expect(pids()).toHaveLength(2);
});

test('a ladder that is closed after the choice keeps it', async () => {
  const ladder = new Ladder({
    requested: 'auto',
    gpu: true,
    pauseSeconds: 1000,
    entry: entry('kept', { 'tensorflow-gpu': 'pass', tensorflow: 'pass' }),
  });
  expect(await ladder.chosen()).toBe('tensorflow-gpu');
  ladder.close();
  expect(verdicts(await ladder.test())).toMatchObject({ 'tensorflow-gpu': 'used', cpu: 'untested' });
  expect(await ladder.chosen()).toBe('tensorflow-gpu');
});

test('the real wasm and cpu rungs pass, each in its process, and the report fits 100 columns', async () => {
  const report = await new Ladder({ requested: 'auto' }).test();
  expect(['passed', 'used']).toContain(verdicts(report).wasm);
  expect(verdicts(report).cpu).toBe('passed');
  expect(report.chosen).not.toBeNull();
  const text = formatReport(report);
  for (const rung of report.rungs) expect(text).toContain(rung.id);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
});

function whyMissing(): string | null {
  try {
    findAddon('tensorflow');
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

test('a rung whose files are not there is told so without a process', async (context) => {
  vi.stubEnv('VANILLASCOPE_CACHE', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const reason = whyMissing();
  context.skip(reason === null, 'the package has its addon here');
  const pids = hangStarts(0);
  expect((await tryRung('wasm')).verdict).toBe('passed');
  expect(pids()).toHaveLength(1);
  expect(await tryRung('tensorflow')).toMatchObject({
    ...{ id: 'tensorflow', verdict: 'missing', version: null, seconds: null },
    reason,
    remedy: expect.stringContaining('npm ') as string,
  });
  expect(pids()).toHaveLength(1);
});
