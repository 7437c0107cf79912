import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DataConfig } from '../../../shared/config.ts';
import { datasetShape, describeDatasets, loadDataset } from '../../../server/datasets/catalogue.ts';

let empty: string;
beforeAll(async () => {
  empty = await mkdtemp(`${tmpdir()}/catalogue-`);
});
afterAll(() => rm(empty, { recursive: true }));

test('every data set is described; one that is missing says what to do', async () => {
  const infos = await describeDatasets({ dataDir: empty, cacheDir: empty });
  expect(infos.map((info) => [info.id, info.available])).toEqual([
    ['emoji', true],
    ['cifar10', false],
    ['shapes', true],
  ]);
  expect(infos[1]!.note).toMatch(/--data DIR/);
  expect(infos[0]!.licence).toMatch(/Apache-2\.0.*CC BY 4\.0.*MIT.*CC BY-SA 4\.0/);
});

test('the shape of a data set that is missing is refused with the same reason', async () => {
  await expect(datasetShape('cifar10', { dataDir: empty, cacheDir: empty })).rejects.toMatchObject({
    code: 'INVALID_DATA',
  });
  expect((await datasetShape('shapes', { dataDir: empty, cacheDir: empty })).classes).toContain('star');
});

test('limits hold for each split, evenly over the classes, and the seed decides which images are kept', async () => {
  const data: DataConfig = { dataset: 'shapes', trainLimit: 70, testLimit: 14, flip: false, crop: 0 };
  const load = (seed: number) => loadDataset(data, { dataDir: null, cacheDir: empty, seed });
  const { shape, train, test: held } = await load(5);
  for (const [split, each] of [
    [train, 10],
    [held, 2],
  ] as const)
    for (const label of shape.classes.keys())
      expect(split.labels.filter((l) => l === label)).toHaveLength(each);
  expect(Buffer.compare((await load(5)).train.images, train.images)).toBe(0);
  expect(Buffer.compare((await load(6)).train.images, train.images)).not.toBe(0);
});
