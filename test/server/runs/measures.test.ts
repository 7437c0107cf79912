import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SnapshotMeasures } from '../../../shared/measurement.ts';
import { encodeSafetensors } from '../../../shared/safetensors.ts';
import { MeasuresFiles } from '../../../server/runs/measures.ts';
import { MOST_SNAPSHOTS, Similarities } from '../../../server/runs/similarities.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'vanillascope-measures-')), 'measures');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

const BLOCKS = ['stem', 'stages.0'];

function measuresOf(snapshot: string, contrast = 1): SnapshotMeasures {
  const numbers = {
    totalVariation: 1,
    highFrequencyShare: 0.5,
    entropy: 3,
    deadFraction: 0,
    effectiveRank: 2,
  };
  const blocks = BLOCKS.map((block) => ({ block, contrast, ...numbers }));
  const merged = snapshot.endsWith('m');
  return { snapshot, epoch: Number.parseInt(snapshot, 10), lambda: 0.5, merged, images: 4, blocks };
}

/** Unit vectors at an angle (degrees) for the first block, and the one for the second. */
function gramsOf(degrees: number): Uint8Array {
  const angle = (degrees * Math.PI) / 180;
  const vectors = [
    [Math.cos(angle), Math.sin(angle), 0, 0, 0, 0],
    [1, 0, 0, 0, 0, 0],
  ];
  return encodeSafetensors(
    new Map(BLOCKS.map((b, i) => [b, { dtype: 'F32', shape: [6], data: Float32Array.from(vectors[i]!) }])),
  );
}

/** What a run would have left: snapshots at 0, 30, 60 … degrees. */
async function record(files: MeasuresFiles, ids: readonly string[]): Promise<void> {
  for (const [i, id] of ids.entries()) await files.add(measuresOf(id), gramsOf(30 * i));
}

const rounded = (values: Float32Array): number[] => Array.from(values, (v) => Math.round(v * 1e5) / 1e5);
const COS_30 = 0.86603;

test('measures are read in order of time, by this process and by the next', async () => {
  const files = new MeasuresFiles(folder);
  await record(files, ['0', '10', '2', '10m']);
  for (const reader of [files, new MeasuresFiles(folder)])
    expect((await reader.list()).map((m) => m.snapshot)).toEqual(['0', '2', '10', '10m']);
  expect(await files.find('2')).toEqual(measuresOf('2'));
});

test('measured again, a snapshot takes the place of its old self', async () => {
  const files = new MeasuresFiles(folder);
  await record(files, ['0', '1']);
  await files.add(measuresOf('1', 7), gramsOf(0));
  for (const reader of [files, new MeasuresFiles(folder)])
    expect((await reader.list()).map((m) => m.blocks[0]!.contrast)).toEqual([1, 7]);
});

test('a run recorded before anything was measured has none, and says so', async () => {
  const files = new MeasuresFiles(folder);
  expect(await files.list()).toEqual([]);
  await files.rewind(0);
  await expect(files.find('0')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringMatching(
      /nothing has been measured of this run: .* an earlier version recorded it/,
    ),
  });
  await expect(new Similarities().ofBlock(files, 'stem')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('unknown snapshots and blocks are answered with those there are', async () => {
  const files = new MeasuresFiles(folder);
  await record(files, ['0', '1']);
  await expect(files.find('9')).rejects.toThrow("nothing was measured of a snapshot '9'; measured are 0, 1");
  await expect(new Similarities().ofBlock(files, 'head')).rejects.toThrow(
    "there is no block 'head'; there are stem, stages.0",
  );
});

test('rewound, what came after the epoch is gone from the index and the disk', async () => {
  const files = new MeasuresFiles(folder);
  await record(files, ['0', '1', '2', '2m', '3']);
  await new MeasuresFiles(folder).rewind(2);
  expect((await new MeasuresFiles(folder).list()).map((m) => m.snapshot)).toEqual(['0', '1', '2', '2m']);
  expect((await readdir(folder)).includes('3.grams.safetensors')).toBe(false);
  expect((await readdir(folder)).includes('2m.grams.safetensors')).toBe(true);
});

test('a line torn by a crash is passed over', async () => {
  const files = new MeasuresFiles(folder);
  await record(files, ['0']);
  await appendFile(join(folder, 'index.jsonl'), '{"snapshot":"1","epo');
  const next = new MeasuresFiles(folder);
  await next.add(measuresOf('1'), gramsOf(0));
  expect((await new MeasuresFiles(folder).list()).map((m) => m.snapshot)).toEqual(['0', '1']);
});

test('similarity is the cosine between the vectors kept, for all pairs', async () => {
  const files = new MeasuresFiles(folder);
  await record(files, ['0', '1', '2']);
  const similarities = new Similarities();
  const { names, cka } = await similarities.ofBlock(files, 'stem');
  expect(names).toEqual(['0', '1', '2']);
  expect(rounded(cka)).toEqual([1, COS_30, 0.5, COS_30, 1, COS_30, 0.5, COS_30, 1]);
  const blocks = await similarities.ofSnapshot(files, '1');
  expect(blocks.names).toEqual(BLOCKS);
  expect(rounded(blocks.cka)).toEqual([1, COS_30, COS_30, 1]);
});

test('a run that goes on adds rows, and one that is resumed from an earlier epoch replaces them', async () => {
  const files = new MeasuresFiles(folder);
  const similarities = new Similarities();
  await record(files, ['0', '1']);
  await similarities.ofBlock(files, 'stem');
  await files.add(measuresOf('2'), gramsOf(90));
  expect(rounded((await similarities.ofBlock(files, 'stem')).cka).slice(6)).toEqual([0, 0.5, 1]);
  await files.rewind(0);
  await files.add(measuresOf('1', 2), gramsOf(60));
  const { names, cka } = await similarities.ofBlock(files, 'stem');
  expect(names).toEqual(['0', '1']);
  expect(rounded(cka)).toEqual([1, 0.5, 0.5, 1]);
});

test('those who ask at once get the same, and for a damaged file it can not be told', async () => {
  const files = new MeasuresFiles(folder);
  await record(files, ['0', '1', '2']);
  await writeFile(join(folder, '1.grams.safetensors'), 'damaged');
  const similarities = new Similarities();
  const [one, two] = await Promise.all([
    similarities.ofBlock(files, 'stem'),
    similarities.ofBlock(files, 'stem'),
  ]);
  expect(two).toEqual(one);
  expect(rounded(one.cka)).toEqual([1, NaN, 0.5, NaN, NaN, NaN, 0.5, NaN, 1]);
  await expect(similarities.ofSnapshot(files, '1')).rejects.toMatchObject({
    code: 'INVALID_DATA',
    message: expect.stringContaining('1.grams.safetensors'),
  });
});

test('of very many snapshots a thousand are compared, the first and the last among them', async () => {
  const files = new MeasuresFiles(folder);
  const count = MOST_SNAPSHOTS + 500;
  await files.add(measuresOf('0'), gramsOf(0));
  const lines = Array.from({ length: count }, (_, i) => `${JSON.stringify(measuresOf(String(i)))}\n`);
  await writeFile(join(folder, 'index.jsonl'), lines.join(''));
  const { names, cka } = await new Similarities().ofBlock(new MeasuresFiles(folder), 'stem');
  expect(names.length).toBe(MOST_SNAPSHOTS);
  expect(new Set(names).size).toBe(MOST_SNAPSHOTS);
  expect([names[0], names.at(-1)]).toEqual(['0', String(count - 1)]);
  expect(cka.length).toBe(MOST_SNAPSHOTS ** 2);
});
