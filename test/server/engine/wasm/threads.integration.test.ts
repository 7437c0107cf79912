import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { TYPESCRIPT } from '../../../../server/typescript.mjs';

const program = fileURLToPath(new URL('./helpers/steps.ts', import.meta.url));

/** A process's device and losses; it fails where the process errs or does not end. */
async function train(threads: string): Promise<{ device: string; losses: number[] }> {
  const { stdout } = await promisify(execFile)(process.execPath, [...TYPESCRIPT, program], {
    env: { ...process.env, VANILLASCOPE_THREADS: threads },
    timeout: 120_000,
  });
  return JSON.parse(stdout) as { device: string; losses: number[] };
}

test('a training has the same losses, bit for bit, on one, two and three threads, and its process ends', async () => {
  const [one, two, three] = [await train('1'), await train('2'), await train('3')];
  expect(one!.device).toMatch(/, 1 thread$/);
  expect(two!.device).toMatch(/, 2 threads$/);
  expect(three!.device).toMatch(/, 3 threads$/);
  expect(one!.losses.every(Number.isFinite)).toBe(true);
  expect(two!.losses).toEqual(one!.losses);
  expect(three!.losses).toEqual(one!.losses);
});

test('a number of threads that makes no sense is refused by name', async () => {
  await expect(train('many')).rejects.toThrow(/VANILLASCOPE_THREADS is 'many'; valid are 1 to 64/);
});
