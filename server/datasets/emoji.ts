/** Emoji, the embedded data set: the artwork of four vendors, 32×32 RGB on white, in the nine groups of Unicode. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, sep } from 'node:path';
import type Sharp from 'sharp';
import type { DatasetShape } from '../../shared/presets.ts';
import type { Dataset, LoadOptions, Split } from './dataset.ts';
import { type Drawings, readDrawings, writeDrawings } from './emoji-cache.ts';
import { GROUPS, type Icon, readIcons, vendorVersion } from './emoji-icons.ts';

const SIZE = 32;
const BYTES = SIZE * SIZE * 3;

/** Trained on, and held out as the test set. Noto and Fluent draw nine flags of 270, so that without the flags of
 * another vendor a class would be missing; of the other two Twemoji is the nearer in style to what is trained on
 * (OpenMoji outlines everything in black). */
const TRAIN_VENDORS = ['noto', 'fluent-emoji-flat', 'openmoji'];
const TEST_VENDORS = ['twemoji'];
const VENDORS = [...TRAIN_VENDORS, ...TEST_VENDORS];

export const EMOJI: DatasetShape = {
  id: 'emoji',
  inputSize: SIZE,
  inputChannels: 3,
  classes: GROUPS,
  // A mirrored or slightly shifted emoji stays in its group, though an arrow may turn into another arrow.
  allowsFlip: true,
  allowsCrop: true,
};

async function drawIcon(sharp: typeof Sharp, icon: Icon): Promise<Uint8Array> {
  return sharp(Buffer.from(icon.svg))
    .resize(SIZE, SIZE, { fit: 'contain', background: '#ffffff' })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer();
}

/** Draws every icon, a few at a time. */
async function draw(onProgress: LoadOptions['onProgress']): Promise<Drawings> {
  onProgress?.('reading emoji', null);
  const { default: sharp } = await import('sharp');
  const icons = await Promise.all(VENDORS.map(readIcons));
  const all = icons.flat();
  const images = new Uint8Array(all.length * BYTES);
  let started = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (started < all.length) {
      const at = started++;
      images.set(await drawIcon(sharp, all[at]!), at * BYTES);
      if (++done % 50 === 0 || done === all.length)
        onProgress?.(`drawing emoji ${done} / ${all.length}`, done / all.length);
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, worker));
  return { labels: icons.map((list) => list.map((icon) => icon.label)), images };
}

/** Version of sharp, and so of the librsvg that it brings, as its package says: to load it takes a tenth of a second and
 * 20 MB, for nothing where the emoji have been drawn. */
async function sharpVersion(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('sharp');
  const name = `${sep}sharp${sep}`;
  const folder = entry.slice(0, entry.lastIndexOf(name) + name.length);
  const { version } = JSON.parse(await readFile(`${folder}package.json`, 'utf8')) as { version: string };
  return version;
}

/** What the drawings depend on. */
async function drawingKey(): Promise<string> {
  const versions = await Promise.all(VENDORS.map(vendorVersion));
  const vendors = VENDORS.map((vendor, i) => `${vendor}@${versions[i]}`);
  return [`${SIZE}px`, ...vendors, `sharp@${await sharpVersion()}`].join(' ');
}

/** Three vendors to train on, the fourth to test; drawn the first time, then read from `cacheDir`. */
export async function loadEmoji({
  cacheDir,
  onProgress,
}: Pick<LoadOptions, 'cacheDir' | 'onProgress'>): Promise<Dataset> {
  const path = join(cacheDir, 'emoji.bin');
  const key = await drawingKey();
  let drawings = await readDrawings(path, key);
  if (!drawings) {
    drawings = await draw(onProgress);
    await writeDrawings(path, key, drawings).catch((error: unknown) => {
      // Training can go on; the emoji are only drawn again next time.
      onProgress?.(`emoji can't be kept: ${error instanceof Error ? error.message : String(error)}`, null);
    });
  }
  const { labels, images } = drawings;
  const trainLabels = labels.slice(0, TRAIN_VENDORS.length).flat();
  const border = trainLabels.length * BYTES;
  const test: Split = {
    images: images.slice(border),
    labels: Uint16Array.from(labels.slice(TRAIN_VENDORS.length).flat()),
  };
  return {
    shape: EMOJI,
    train: { images: images.slice(0, border), labels: Uint16Array.from(trainLabels) },
    test,
  };
}
