import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDrawings, writeDrawings } from '../../../server/datasets/emoji-cache.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emoji-cache-'));
});
afterAll(() => rm(folder, { recursive: true }));

const drawings = { labels: [[1, 2], [8]], images: Uint8Array.from({ length: 96 }, (_, i) => i) };

test('drawings come back as they were written, in a folder made for them, with no draft left behind', async () => {
  const path = join(folder, 'deep', 'emoji.bin');
  await writeDrawings(path, 'key', drawings);
  const back = await readDrawings(path, 'key');
  expect(back?.labels).toEqual(drawings.labels);
  expect([...back!.images]).toEqual([...drawings.images]);
  expect(await readdir(join(folder, 'deep'))).toEqual(['emoji.bin']);
});

test('drawings made from something else are not taken', async () => {
  const path = join(folder, 'other.bin');
  await writeDrawings(path, 'noto@1', drawings);
  expect(await readDrawings(path, 'noto@2')).toBeNull();
});

test('a missing, shortened, lengthened or altered file is not taken, wherever it was altered', async () => {
  const path = join(folder, 'damaged.bin');
  expect(await readDrawings(path, 'key')).toBeNull();
  await writeDrawings(path, 'key', drawings);
  const good = await readFile(path);
  const damaged = [good.subarray(0, 3), good.subarray(0, -1), Buffer.concat([good, Buffer.from([0])])];
  for (let at = 0; at < good.length; at += 7) {
    const altered = Buffer.from(good);
    altered[at] = altered[at]! ^ 1;
    damaged.push(altered);
  }
  for (const bytes of damaged) {
    await writeFile(path, bytes);
    expect(await readDrawings(path, 'key')).toBeNull();
  }
});
