/** The data sets there are: what each is, whether it can be had, and how it is loaded. */
import type { DataConfig, DatasetId } from '../../shared/config.ts';
import type { DatasetShape } from '../../shared/presets.ts';
import type { DatasetInfo } from '../../shared/protocol.ts';
import { Random } from '../random.ts';
import { CIFAR10, findCifar, loadCifar } from './cifar.ts';
import type { Dataset, LoadOptions } from './dataset.ts';
import { EMOJI, loadEmoji } from './emoji.ts';
import { limitSplit } from './limit.ts';
import { loadShapes, SHAPES } from './shapes.ts';

type Places = Pick<LoadOptions, 'dataDir' | 'cacheDir'>;

interface Entry {
  shape: DatasetShape;
  title: string;
  description: string;
  licence: string;
  /** Where it is; throws INVALID_DATA where it can't be had. */
  find: (places: Places) => Promise<string>;
  load: (options: LoadOptions) => Promise<Dataset>;
}

const ENTRIES: Readonly<Record<DatasetId, Entry>> = {
  emoji: {
    shape: EMOJI,
    title: 'Emoji',
    description:
      'Emoji of four vendors in the nine groups of Unicode; trained on three vendors, tested on the fourth (Twemoji).',
    licence:
      'Noto Emoji: Apache-2.0 (Google); Twemoji: CC BY 4.0 (Twitter and contributors); ' +
      'Fluent Emoji: MIT (Microsoft); OpenMoji: CC BY-SA 4.0',
    find: async () => 'comes with the project; drawn once, then kept on disk',
    load: (options) => loadEmoji(options),
  },
  cifar10: {
    shape: CIFAR10,
    title: 'CIFAR-10',
    description: 'Photographs of ten kinds of things, 32×32 pixels.',
    licence: 'no licence stated; Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009',
    find: async ({ dataDir }) => (await findCifar(dataDir)).folder,
    load: ({ dataDir }) => loadCifar(dataDir),
  },
  shapes: {
    shape: SHAPES,
    title: 'Shapes',
    description: 'Seven kinds of shapes, drawn from a seed: a network learns them within a minute.',
    licence: 'made by the project, Apache-2.0',
    find: async () => 'drawn anew each time',
    load: async ({ seed }) => loadShapes(seed),
  },
};

/** Every data set, the ones that are missing too, with what to do to have them. */
export async function describeDatasets(options: Places): Promise<DatasetInfo[]> {
  return Promise.all(
    Object.values(ENTRIES).map(async ({ shape, title, description, licence, find }) => {
      const [available, note] = await find(options).then(
        (where) => [true, where] as const,
        (error: unknown) => [false, error instanceof Error ? error.message : String(error)] as const,
      );
      return { ...shape, classes: [...shape.classes], title, description, licence, available, note };
    }),
  );
}

/** Size, classes and permitted augmentation; throws INVALID_DATA where the data set can't be had. */
export async function datasetShape(id: DatasetId, options: Places): Promise<DatasetShape> {
  const { shape, find } = ENTRIES[id];
  await find(options);
  return shape;
}

/** Loads both splits, each limited to what `data` says, evenly over the classes. */
export async function loadDataset(data: DataConfig, options: LoadOptions): Promise<Dataset> {
  const { shape, train, test } = await ENTRIES[data.dataset].load(options);
  const limited = (split: Dataset['train'], limit: number | null, name: string): Dataset['train'] =>
    limitSplit(split, limit, shape.classes.length, Random.seeded(options.seed, `limit ${name}`));
  return {
    shape,
    train: limited(train, data.trainLimit, 'train'),
    test: limited(test, data.testLimit, 'test'),
  };
}
