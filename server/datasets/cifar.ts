/** CIFAR-10 in its official binary layout: records of one label byte and 3,072 bytes, channel by channel
 * (Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009). Any number of whole records a file. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScopeError } from '../../shared/errors.ts';
import type { DatasetShape } from '../../shared/presets.ts';
import type { Dataset, Split } from './dataset.ts';

export const CIFAR10: DatasetShape = {
  id: 'cifar10',
  inputSize: 32,
  inputChannels: 3,
  classes: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  allowsFlip: true,
  allowsCrop: true,
};

const PLANE = 32 * 32;
const PIXELS = 3 * PLANE;
const RECORD = 1 + PIXELS;
const FOLDER = 'cifar-10-batches-bin';
const TRAIN = /^data_batch_\d+\.bin$/;
const TEST = /^test_batch\.bin$/;

/** The project's own data folder. */
const PROJECT_DATA = fileURLToPath(new URL('../../data', import.meta.url));

export interface CifarFiles {
  folder: string;
  train: string[];
  test: string[];
}

const invalid = (message: string, field: string, cause?: unknown): ScopeError =>
  new ScopeError('INVALID_DATA', message, { field, cause });

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** Finds the files in the given folder or, where none is given, in the project's data folder; the files lie there or
 * in `cifar-10-batches-bin` below. Throws INVALID_DATA saying where it looked and what is missing. */
export async function findCifar(dataDir: string | null): Promise<CifarFiles> {
  const base = dataDir ?? PROJECT_DATA;
  for (const folder of [base, join(base, FOLDER)]) {
    const found = await names(folder);
    const files = {
      folder,
      train: found.filter((name) => TRAIN.test(name)).sort(),
      test: found.filter((name) => TEST.test(name)),
    };
    if (files.train.length > 0 && files.test.length > 0) return files;
    if (files.train.length > 0)
      throw invalid(`${folder} has ${files.train.join(', ')} but no test_batch.bin`, folder);
    if (files.test.length > 0)
      throw invalid(`${folder} has test_batch.bin but no data_batch_1.bin (to data_batch_5.bin)`, folder);
  }
  throw invalid(
    `no CIFAR-10 in ${base} nor in ${join(base, FOLDER)}: data_batch_1.bin to data_batch_5.bin and test_batch.bin ` +
      'of the binary version are needed (https://www.cs.toronto.edu/~kriz/cifar.html); ' +
      (dataDir === null
        ? `unpack it there or name its folder with --data DIR`
        : 'name their folder with --data DIR'),
    base,
  );
}

/** Reads whole records; throws INVALID_DATA naming the file, its size or the bad record, and what would be valid. */
async function readRecords(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw invalid(
      `${path} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      path,
      cause,
    );
  });
  const whole = Math.floor(bytes.length / RECORD);
  if (bytes.length % RECORD !== 0 || whole === 0)
    throw invalid(
      `${path} is truncated or no CIFAR-10 file: ${bytes.length} bytes are ${whole} records of ${RECORD} bytes and ` +
        `${bytes.length % RECORD} bytes more; ${Math.max(1, whole) * RECORD} or ${(Math.max(1, whole) + 1) * RECORD} bytes would be valid`,
      path,
    );
  for (let record = 0; record < whole; record++)
    if (bytes[record * RECORD]! > 9)
      throw invalid(
        `${path}: record ${record} (byte ${record * RECORD}) has label ${bytes[record * RECORD]}; 0 to 9 are valid`,
        path,
      );
  return bytes;
}

/** All records of the files as one split, turned from channel-major to channels last. */
async function readSplit(paths: readonly string[]): Promise<Split> {
  const files = await Promise.all(paths.map(readRecords));
  const images = files.reduce((sum, file) => sum + file.length / RECORD, 0);
  const split: Split = { images: new Uint8Array(images * PIXELS), labels: new Uint16Array(images) };
  let image = 0;
  for (const file of files)
    for (let start = 0; start < file.length; start += RECORD, image++) {
      split.labels[image] = file[start]!;
      for (let c = 0; c < 3; c++) {
        let from = start + 1 + c * PLANE;
        for (let at = image * PIXELS + c; at < (image + 1) * PIXELS; at += 3)
          split.images[at] = file[from++]!;
      }
    }
  return split;
}

export async function loadCifar(dataDir: string | null): Promise<Dataset> {
  const { folder, train, test } = await findCifar(dataDir);
  const paths = (files: readonly string[]): string[] => files.map((name) => join(folder, name));
  return { shape: CIFAR10, train: await readSplit(paths(train)), test: await readSplit(paths(test)) };
}
