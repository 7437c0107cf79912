import { afterEach, beforeAll, expect, test } from 'vitest';
import { assembleKernels } from '../../../../server/engine/wasm/assemble.ts';
import { threadCount } from '../../../../server/engine/wasm/threadCount.ts';
import { Threads, type ThreadOptions } from '../../../../server/engine/wasm/threads.ts';

/** Where inputs, results and what a kernel needs in between lie, in bytes. */
const [INPUTS, RESULTS, SCRATCH] = [65_536, 2 ** 23, 2 ** 23 + 2 ** 19];
const VALUES = 2 ** 19;

let kernels: WebAssembly.Module;
beforeAll(async () => {
  kernels = await WebAssembly.compile(await assembleKernels({ shared: true, fused: false }));
});

const started: Threads[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((threads) => threads.end()));
});

async function start(
  helpers: number,
  options: Partial<ThreadOptions> = {},
): Promise<{ threads: Threads; memory: WebAssembly.Memory }> {
  const threads = new Threads(helpers, options);
  started.push(threads);
  const memory = new WebAssembly.Memory({ initial: 512, maximum: 65_536, shared: true });
  await threads.load(kernels, memory);
  const inputs = new Float32Array(memory.buffer, INPUTS, VALUES);
  for (let i = 0; i < VALUES; i++) inputs[i] = Math.sin(i);
  return { threads, memory };
}

/** Units of work, units of a part and arguments of kernels that sum over parts, and of one that does not. */
const TASKS: readonly [name: string, units: number, grain: number, args: number[]][] = [
  // x [5000, 24] and dy [5000, 48], in eight parts of rows and two of columns; then in parts of packed rows
  ['outer', 16, 1, [INPUTS, INPUTS + 480_000, RESULTS, SCRATCH, 5000, 24, 48, 625, 12, 64, 0]],
  ['outer', 6, 1, [INPUTS, INPUTS + 480_000, RESULTS, SCRATCH, 900, 136, 32, 450, 48, 128, 1]],
  ['filterGradient', 13, 2, [INPUTS, INPUTS + 480_000, RESULTS, 9, 7, 5, 4 * 20]],
  ['squares', 4099, 500, [INPUTS, INPUTS, RESULTS, 4 * 36]],
  ['depthwise', 13, 2, [INPUTS, INPUTS + 480_000, RESULTS, 9, 7, 5, 4 * 20]],
];

test.each(TASKS)('%s over %i units gives the same bits on one, two and three threads', async (...task) => {
  const [name, units, grain, args] = task;
  const results: Uint8Array[] = [];
  for (const helpers of [0, 1, 2]) {
    const { threads, memory } = await start(helpers);
    expect(threads.count).toBe(1 + helpers);
    // Several times, since who takes which part is a matter of chance.
    for (let i = 0; i < 5; i++) {
      const all = new Uint8Array(memory.buffer, RESULTS, SCRATCH - RESULTS);
      all.fill(0);
      threads.run(name, units, grain, ...args);
      results.push(all.slice());
    }
  }
  expect(results[0]!.some((byte) => byte !== 0)).toBe(true);
  for (const other of results) expect(Buffer.compare(results[0]!, other)).toBe(0);
});

test('helpers see what the memory has grown by', async () => {
  const { threads, memory } = await start(2);
  const end = memory.buffer.byteLength;
  memory.grow(64);
  for (let i = 0; i < 20; i++) threads.run('leaky', 2 ** 18, 1024, end, end + 2 ** 21, 0.5, 2 ** 19);
  const out = new Float32Array(memory.buffer, end, 2 ** 20);
  expect(out.every((value) => value === 0)).toBe(true);
});

const stub = (name: string): URL => new URL(`./helpers/${name}.mjs`, import.meta.url);
const work = (threads: Threads) => (): void => threads.run('leaky', 4096, 1, INPUTS, RESULTS, 0.5, 4 * 4096);

test('a kernel that fails in a helper is an error, at once and from then on', async () => {
  const { threads } = await start(1, { helper: stub('failing') });
  const message = expect.objectContaining({
    code: 'INTERNAL',
    message: expect.stringContaining('failed in leaky'),
  });
  expect(() => {
    for (let i = 0; i < 100_000; i++) work(threads)();
  }).toThrow(message);
  expect(work(threads)).toThrow(message);
});

test('a helper that dies over its work is an error, not a hang', async () => {
  const { threads } = await start(1, { helper: stub('dying'), patience: 200 });
  expect(() => {
    for (let i = 0; i < 100_000; i++) work(threads)();
  }).toThrow(
    expect.objectContaining({
      code: 'INTERNAL',
      message: expect.stringContaining('gave no sign for 200 ms'),
    }),
  );
});

test('a helper that ends between two tasks is an error', async () => {
  const { threads } = await start(1, { helper: stub('leaving') });
  await expect
    .poll(() => {
      try {
        work(threads)();
        return 'none';
      } catch (error) {
        return (error as Error).message;
      }
    })
    .toContain('ended by itself');
});

test('helpers that do not start are done without', async () => {
  const { threads } = await start(2, { helper: stub('absent') });
  expect(threads.count).toBe(1);
  work(threads)();
});

test('a task without helpers and an unknown kernel are told apart', async () => {
  const { threads } = await start(0);
  work(threads)();
  expect(() => threads.run('nonsense', 1, 1)).toThrow(/no kernel 'nonsense'/);
});

test('the number of threads is that of the cores, eight at most, or what is asked for', () => {
  expect(threadCount(undefined)).toBeGreaterThanOrEqual(1);
  expect(threadCount(undefined)).toBeLessThanOrEqual(8);
  expect(threadCount('3')).toBe(3);
  for (const bad of ['0', '-1', '1.5', 'all', '65'])
    expect(() => threadCount(bad)).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONFIG',
        message: expect.stringContaining(`'${bad}'; valid are 1 to 64`),
      }),
    );
});
