import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RecordingProcess } from '../../../server/runs/recordingProcess.ts';

test('a process that ends without an answer is reported with its last words', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vanillascope-crash-'));
  const entry = join(folder, 'crash.mjs');
  writeFileSync(
    entry,
    `process.on('message', () => process.stderr.write('out of luck\\n', () => process.exit(3)));`,
  );
  const crashing = new RecordingProcess('wasm', { entry });
  const moment = { epoch: 0, step: 0, lambda: 1, merged: false, loss: null, accuracy: null };
  const more = { weights: '', precision: 'u8' as const, index: 0, pixels: new Uint8Array() };
  await expect(crashing.record({ type: 'record', rung: 'wasm', moment, ...more })).rejects.toMatchObject({
    code: 'INTERNAL',
    message: 'the analysis process ended with code 3: out of luck',
  });
  expect(crashing.alive).toBe(false);
  rmSync(folder, { recursive: true });
});
