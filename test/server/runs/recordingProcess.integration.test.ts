import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { analyse } from '../../../server/runs/analysisProcess.ts';
import { RecordingProcess } from '../../../server/runs/recordingProcess.ts';
import { hangStarts } from './hanging.ts';

const MOMENT = { epoch: 0, step: 0, lambda: 1, merged: false, loss: null, accuracy: null };
const TASK = {
  type: 'record',
  rung: 'wasm',
  moment: MOMENT,
  weights: '',
  precision: 'u8',
  index: 0,
} as const;

test('a process that ends without an answer is reported with its last words', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vanillascope-crash-'));
  const entry = join(folder, 'crash.mjs');
  writeFileSync(
    entry,
    `process.on('message', () => process.stderr.write('out of luck\\n', () => process.exit(3)));`,
  );
  const crashing = new RecordingProcess('wasm', { entry });
  await expect(crashing.record({ ...TASK, pixels: new Uint8Array() })).rejects.toMatchObject({
    code: 'INTERNAL',
    message: 'the analysis process ended with code 3: out of luck',
  });
  expect(crashing.alive).toBe(false);
  rmSync(folder, { recursive: true });
});

test('a process that never comes up is reported so, whether it is to stay or not', async () => {
  hangStarts(9);
  const reason = { code: 'INTERNAL', message: 'the analysis process did not start within 2 × 1 s' };
  const hanging = new RecordingProcess('wasm', { upSeconds: 1 });
  const once = analyse({ type: 'merge', rung: 'wasm', weights: '', out: '' }, { upSeconds: 1 });
  await Promise.all([
    expect(hanging.record({ ...TASK, pixels: new Uint8Array() })).rejects.toMatchObject(reason),
    expect(once).rejects.toMatchObject(reason),
  ]);
  expect(hanging.alive).toBe(false);
});
