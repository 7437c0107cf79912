import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findCifar, loadCifar } from '../../../server/datasets/cifar.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cifar-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Records whose channel c of pixel i holds (label + 50c + i) mod 256. */
function records(labels: readonly number[]): Buffer {
  return Buffer.concat(
    labels.map((label) =>
      Buffer.from([label, ...Array.from({ length: 3072 }, (_, i) => label + 50 * (i >> 10) + (i & 1023))]),
    ),
  );
}

/** A data folder with these files; the test split has two records unless it says otherwise. */
async function place(name: string, files: Record<string, Buffer>, below = ''): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, below), { recursive: true });
  for (const [file, bytes] of Object.entries({ 'test_batch.bin': records([8, 9]), ...files }))
    await writeFile(join(path, below, file), bytes);
  return path;
}

test('records become labels and images with channels last', async () => {
  const path = await place('plain', {
    'data_batch_1.bin': records([3, 9]),
    'data_batch_2.bin': records([0]),
  });
  const { train, test: held } = await loadCifar(path);
  expect([...train.labels]).toEqual([3, 9, 0]);
  expect([...held.labels]).toEqual([8, 9]);
  for (const [image, label] of [3, 9, 0].entries())
    for (const pixel of [0, 1, 31, 32, 1023])
      for (let c = 0; c < 3; c++)
        expect(train.images[image * 3072 + pixel * 3 + c]).toBe((label + 50 * c + pixel) & 255);
});

test('the official folder name below the given folder is found too', async () => {
  const path = await place('above', { 'data_batch_1.bin': records([1]) }, 'cifar-10-batches-bin');
  expect((await loadCifar(path)).train.labels).toHaveLength(1);
});

test('a truncated file is refused with its name, its size and valid sizes', async () => {
  const path = await place('truncated', { 'data_batch_1.bin': records([1, 2]).subarray(0, 5000) });
  await expect(loadCifar(path)).rejects.toMatchObject({
    code: 'INVALID_DATA',
    field: join(path, 'data_batch_1.bin'),
    message: expect.stringMatching(/data_batch_1\.bin is truncated.* 5000 bytes .*3073 or 6146 bytes/),
  });
});

test('an empty file is refused', async () => {
  const path = await place('empty', { 'data_batch_1.bin': Buffer.alloc(0) });
  await expect(loadCifar(path)).rejects.toThrow(/data_batch_1\.bin .* 0 bytes/);
});

test('a label above 9 is refused with its record', async () => {
  const path = await place('label', { 'data_batch_3.bin': records([1, 10]) });
  await expect(loadCifar(path)).rejects.toThrow(
    /data_batch_3\.bin: record 1 \(byte 3073\) has label 10; 0 to 9/,
  );
});

test('a folder without data, one that is not there and one without a test batch are refused by name', async () => {
  const bare = join(folder, 'bare');
  await mkdir(bare);
  await expect(findCifar(bare)).rejects.toMatchObject({ code: 'INVALID_DATA', field: bare });
  await expect(findCifar(bare)).rejects.toThrow(/no CIFAR-10 in .*bare.*test_batch\.bin/);
  await expect(findCifar(join(folder, 'nowhere'))).rejects.toThrow(/nowhere/);
  await writeFile(join(bare, 'data_batch_1.bin'), records([1]));
  await expect(findCifar(bare)).rejects.toThrow(/no test_batch\.bin/);
});

const real = fileURLToPath(new URL('../../../../shared/data', import.meta.url));

describe('the real subset beside the project', () => {
  test.skipIf(!existsSync(join(real, 'cifar-10-batches-bin')))(
    'has 5,085 and 1,017 images of all classes (skipped where there is no ../shared/data)',
    async () => {
      const { train, test: held } = await loadCifar(real);
      expect([train.labels.length, held.labels.length]).toEqual([5085, 1017]);
      expect(new Set(train.labels).size).toBe(10);
      expect(train.images.reduce((sum, v) => sum + v, 0) / train.images.length).toBeGreaterThan(100);
    },
  );
});
