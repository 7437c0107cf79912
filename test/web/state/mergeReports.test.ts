import { expect, test } from 'vitest';
import type { MergeReport } from '../../../shared/protocol.ts';
import { MergeReports } from '../../../web/src/lib/state/mergeReports.svelte.ts';

const cost = { layers: 8, parameters: 100, flops: 1000, milliseconds: 3 };
const report: MergeReport = {
  lambda: 0.5,
  forecast: true,
  probes: 9,
  taps: [{ tap: 'logits', maxAbsolute: 0.5, maxRelative: 0.25 }],
  logits: { maxAbsolute: 0.5, maxRelative: 0.25 },
  agreement: 1,
  deep: cost,
  merged: { ...cost, layers: 4 },
};

test('a report is asked for once, however often it is wanted', async () => {
  const asked: string[] = [];
  const reports = new MergeReports('run', (run, snapshot) => {
    asked.push(`${run}/${snapshot}`);
    return Promise.resolve(report);
  });
  const first = reports.ask('4');
  expect(reports.entries.get('4')).toEqual({ loading: true, report: null, error: '' });
  await Promise.all([first, reports.ask('4')]);
  await reports.ask('4');
  expect(asked).toEqual(['run/4']);
  expect(reports.entries.get('4')?.report).toBe(report);
});

test('after a failure the reason stands there, and asking again asks again', async () => {
  let fails = true;
  const reports = new MergeReports('run', () =>
    fails ? Promise.reject(new Error('the weights were not kept')) : Promise.resolve(report),
  );
  await reports.ask('4');
  expect(reports.entries.get('4')).toEqual({
    loading: false,
    report: null,
    error: 'the weights were not kept',
  });
  fails = false;
  await reports.ask('4');
  expect(reports.entries.get('4')?.report).toBe(report);
});
