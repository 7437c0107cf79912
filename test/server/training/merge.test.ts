import { beforeAll, expect, test } from 'vitest';
import { decodeFrame } from '../../../shared/frame.ts';
import { evaluate } from '../../../server/training/evaluate.ts';
import { Session } from '../../../server/training/session.ts';
import { useWasm } from './backend.ts';
import { collect, only, TINY_DATA, tinyConfig, tinyRun } from './tiny.ts';

beforeAll(useWasm);

/** λ = 0 from the third epoch on and merged after the thirteenth of sixteen; the running statistics follow fast. */
const LATE = tinyConfig({
  network: { bnMomentum: 0.5 },
  training: {
    epochs: 16,
    learningRate: 0.02,
    lambda: { schedule: 'linear', share: 0.125, update: 'epoch' },
    mergeBeforeEnd: 3,
  },
});

async function testLoss(session: Session): Promise<number> {
  const batches = evaluate(session.net, TINY_DATA.test, session.normalisation, 5);
  for (;;) {
    const next = await batches.next();
    if (next.done) return next.value.loss;
  }
}

async function trained(steps: number): Promise<Session> {
  const session = new Session(LATE, TINY_DATA, null);
  session.net.lambda = 0;
  for (let step = 0; step < steps; step++) {
    if (step % 3 === 0) session.batches.startEpoch();
    session.train(session.batches.next(), 0.01).dispose();
  }
  return session;
}

test('the merge changes neither the logits nor the test loss beyond rounding', async () => {
  const session = await trained(45);
  const before = await testLoss(session);
  const { maxLogitDifference, parametersBefore, parametersAfter, report } = await session.merge();
  expect(maxLogitDifference).toBeLessThan(1e-4);
  expect(Math.abs((await testLoss(session)) - before)).toBeLessThan(1e-5);
  expect(parametersAfter).toBeLessThan(parametersBefore);
  expect(report).toMatchObject({ lambda: 0, forecast: false, probes: 7, agreement: 1 });
  expect(report.logits.maxAbsolute).toBeLessThan(1e-4);
  session.dispose();
});

test('the merge is refused while λ is above 0, and the session trains on', async () => {
  const session = await trained(3);
  session.net.lambda = 0.01;
  await expect(session.merge()).rejects.toMatchObject({ code: 'LAMBDA_NOT_ZERO' });
  expect(session.net.merged).toBe(false);
  session.batches.startEpoch();
  const stats = session.train(session.batches.next(), 0.01);
  expect(Number.isFinite((await stats.data())[0])).toBe(true);
  stats.dispose();
  session.dispose();
});

test('merged before the end, the training goes on: the loss is continuous and the merged parameters move', async () => {
  const events = await collect(tinyRun(LATE));
  const epochs = only(events, 'epoch').map((e) => e.metrics);
  const merge = epochs.findIndex((e) => e.merged);
  const [before, after] = [epochs[merge - 1]!, epochs[merge]!];
  expect(after.epoch).toBe(14);
  // An optimizer or a weight gone wrong would throw the loss back to where it began, or beyond.
  const fall = epochs[1]!.trainLoss! - before.trainLoss!;
  expect(fall).toBeGreaterThan(0.15);
  expect(Math.abs(after.trainLoss! - before.trainLoss!)).toBeLessThan(fall / 2);
  expect(Math.abs(after.testLoss - before.testLoss)).toBeLessThan(fall / 2);
  const frames = only(events, 'snapshot')
    .slice(-3)
    .map((s) => decodeFrame(s.bytes));
  const logits = frames.map((f) => f.taps.at(-1)!.values);
  expect(logits[1]).not.toEqual(logits[0]);
  expect(logits[2]).not.toEqual(logits[1]);
});
