import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { RUN_STATES, RunDetail, RunRequest, RunSummary, WatchRequest } from '../../shared/protocol.ts';
import { RUNG_IDS } from '../../shared/rungs.ts';

const data = { dataset: 'emoji' };
const summary = {
  id: '20261124-081500-emoji-small-ab12',
  name: 'emoji small',
  state: 'running',
  reason: '',
  createdAt: '2026-11-24T08:15:00.000Z',
  dataset: 'emoji',
  preset: 'small',
  backend: null,
  epoch: 0,
  epochs: 20,
  lambda: null,
  testAccuracy: null,
  merged: false,
  secondsLeft: null,
};

test('a request needs a data set and nothing else', () => {
  expect(Value.Check(RunRequest, { data })).toBe(true);
  expect(Value.Check(RunRequest, {})).toBe(false);
  expect(Value.Check(RunRequest, { data: {} })).toBe(false);
});

test.each([
  { data, extra: 1 },
  { data: { ...data, extra: 1 } },
  { data, network: { extra: 1 } },
  { data, network: { inputSize: 32 } }, // the data set decides
  { data, network: { classes: 10 } },
  { data, training: { extra: 1 } },
  { data, training: { lambda: { schedule: 'linear', share: 0.5, update: 'epoch', extra: 1 } } },
  { data, training: { optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0, beta1: 0.9 } } },
  { data, recording: { extra: 1 } },
])('an unknown field is refused at every depth: %j', (request) => {
  expect(Value.Check(RunRequest, request)).toBe(false);
});

test.each([
  { training: { epochs: 5 } },
  { training: { mergeBeforeEnd: null } },
  { network: { activation: { kind: 'relu' } } },
  { recording: { precision: 'f32' } },
  { backend: 'auto' },
  { seed: 0xffffffff },
])('any part may be given alone: %j', (part) => {
  expect(Value.Check(RunRequest, { data, ...part })).toBe(true);
});

test('every rung can be asked for by name', () => {
  for (const backend of RUNG_IDS) expect(Value.Check(RunRequest, { data, backend })).toBe(true);
  expect(Value.Check(RunRequest, { data, backend: 'gpu' })).toBe(false);
});

test('a summary may be in any state, and what only some runs have may be left out', () => {
  for (const state of RUN_STATES) expect(Value.Check(RunSummary, { ...summary, state })).toBe(true);
  expect(Value.Check(RunSummary, { ...summary, state: 'asleep' })).toBe(false);
  const more = {
    progress: { what: 'drawing', fraction: null },
    resumable: false,
    unreadable: true,
    dataset: '',
  };
  expect(Value.Check(RunSummary, { ...summary, ...more })).toBe(true);
  expect(Value.Check(RunDetail, summary)).toBe(false); // a detail holds the configuration too
});

test.each([
  [{ runId: 'a', taps: null, probes: null }, true],
  [{ runId: 'a', taps: ['stem.out'], probes: [0, 3], rate: 0.5 }, true],
  [{ runId: 'a', taps: [], probes: [] }, true],
  [{ runId: 'a', taps: null }, false],
  [{ runId: 'a', taps: null, probes: [-1] }, false],
  [{ runId: 'a', taps: null, probes: [0.5] }, false],
  [{ runId: 'a', taps: null, probes: null, rate: 0 }, false],
  [{ runId: 'a', taps: null, probes: null, rate: 1000 }, false],
  [{ runId: 'a', taps: Array.from({ length: 513 }, () => 'x'), probes: null }, false],
  [{ runId: 'x'.repeat(101), taps: null, probes: null }, false],
  [{ runId: 'a', taps: null, probes: null, extra: 1 }, false],
])('the watch %j is valid: %s', (watch, valid) => {
  expect(Value.Check(WatchRequest, watch)).toBe(valid);
});
