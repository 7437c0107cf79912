/**
 * Takes a fixed set of test images through the network in inference mode and measures every block's output.
 *
 * Images go in chunks, so that a large network needs little memory; of a chunk only what the Gram matrices are made of
 * stays on the device. Where a block's maps are so many or so large that its features of all images would pass its part
 * of FEATURE_BYTES, they are averaged down by a whole factor for the Gram matrix (effective rank and CKA); all other
 * measures always see every pixel.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { NetworkConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import type { BlockMeasures } from '../../shared/measurement.ts';
import { describeTaps, type TapDescription } from '../../shared/network.ts';
import { encodeSafetensors } from '../../shared/safetensors.ts';
import type { Normalisation } from '../datasets/batches.ts';
import type { Dataset, Split } from '../datasets/dataset.ts';
import { pickEvenly } from '../datasets/limit.ts';
import type { VanillaNet } from '../nn/vanillanet.ts';
import { Random } from '../random.ts';
import { joinEvaluations, testBatch, testStats, type Evaluation } from './evaluate.ts';
import { centredGram, rankOfGram, similarityVector } from './grams.ts';
import { MapStatistics } from './mapStatistics.ts';
import { lowFrequencyEnergy } from './spectrum.ts';

/** How many test images are measured, where there are as many. */
export const MEASURED_IMAGES = 128;
/** Features kept for the Gram matrices: of all blocks together, and of one block, of which the product needs some three
 * copies for a moment. At most some 256 MB in all. */
const FEATURE_BYTES = 128 * 2 ** 20;
const BLOCK_BYTES = 32 * 2 ** 20;
/** Bytes of the largest block's maps of one chunk, and images of a chunk. */
const CHUNK_BYTES = 32 * 2 ** 20;
const CHUNK_IMAGES = 32;

export interface Measured {
  images: number;
  blocks: BlockMeasures[];
  /** A safetensors file: of each block the vector of similarityVector, float32; metadata `images` and `blocks`. */
  grams: Uint8Array;
  /** Of the measured images: an evaluation of the whole split needs only the others. */
  evaluation: Evaluation;
}

/** One block while it is measured. */
interface Part {
  tap: TapDescription;
  statistics: MapStatistics;
  /** Reduced features of each chunk, [n, D]. */
  features: tf.Tensor2D[];
  /** Whole factor by which maps are averaged down for the features. */
  factor: number;
  /** Channels of which the block's ReLU was above zero, where it is a tap of its own. */
  alive: Uint8Array | null;
}

/** What a chunk leaves on the device to be read. */
interface Pending {
  part: Part;
  /** [n, C, H, W] and [n·C]. */
  maps: tf.Tensor;
  low: tf.Tensor;
  /** Sum of each channel's ReLU output, [1, C]. */
  relu: tf.Tensor | null;
}

/** Loss and right answers of a chunk, as testStats gives them. */
interface Stats {
  values: tf.Tensor1D;
  images: number;
}

export class Measurer {
  readonly #split: Split;
  readonly #normalisation: Normalisation;
  /** Places of the measured images in the test split, ascending, and of all others. */
  readonly #places: readonly number[];
  readonly others: readonly number[];

  readonly #blockBytes: number;

  /** Draws the images, evenly over the classes; the same seed draws the same ones. `blockBytes` bounds a block's
   * features. */
  constructor(
    { test, shape }: Dataset,
    normalisation: Normalisation,
    seed: number,
    blockBytes: number = BLOCK_BYTES,
  ) {
    this.#blockBytes = blockBytes;
    const random = Random.seeded(seed, 'measures');
    this.#split = test;
    this.#normalisation = normalisation;
    this.#places = pickEvenly(test.labels, MEASURED_IMAGES, shape.classes.length, random);
    const measured = new Set(this.#places);
    this.others = [...test.labels.keys()].filter((place) => !measured.has(place));
  }

  get images(): number {
    return this.#places.length;
  }

  /** Yields after each chunk of images and each block's Gram matrix, so that the caller can attend to other things.
   * Throws NON_FINITE naming the block. */
  async *measure(net: VanillaNet): AsyncGenerator<void, Measured> {
    const parts = this.#parts(net.config);
    try {
      const chunk = chunkSize(parts);
      let evaluation: Evaluation = { loss: 0, accuracy: 0, images: 0 };
      for (let from = 0; from < this.images; from += chunk) {
        const { pending, stats } = this.#run(net, parts, this.#places.slice(from, from + chunk));
        evaluation = joinEvaluations(evaluation, await takeAll(pending, stats));
        yield;
      }
      const blocks: BlockMeasures[] = [];
      const vectors = new Map<string, { dtype: 'F32'; shape: number[]; data: Float32Array }>();
      for (const part of parts) {
        const gram = await centredGram(part.features.splice(0));
        const measures = summarise(part, net.config, rankOfGram(gram, this.images));
        blocks.push(measures);
        const data = similarityVector(gram, this.images);
        vectors.set(measures.block, { dtype: 'F32', shape: [data.length], data });
        yield;
      }
      const metadata = { images: String(this.images), blocks: blocks.map((b) => b.block).join(',') };
      return { images: this.images, blocks, grams: encodeSafetensors(vectors, metadata), evaluation };
    } finally {
      for (const { features } of parts) tf.dispose(features);
    }
  }

  #parts(config: NetworkConfig): Part[] {
    const outs = describeTaps(config, true).filter((tap) => tap.kind === 'out');
    const bytes = Math.min(this.#blockBytes, FEATURE_BYTES / outs.length);
    return outs.map((tap) => ({
      tap,
      statistics: new MapStatistics(...tap.shape),
      features: [],
      factor: averagingFactor(tap.shape, Math.floor(bytes / 4 / this.images)),
      alive: config.activation.kind === 'series' ? new Uint8Array(tap.shape[2]) : null,
    }));
  }

  /** Runs images through the network; what it returns is kept, and the caller's to dispose of. */
  #run(
    net: VanillaNet,
    parts: readonly Part[],
    places: readonly number[],
  ): { pending: Pending[]; stats: Stats } {
    const pending: Pending[] = [];
    const relus = new Map<string, tf.Tensor>();
    const handles = parts.flatMap((part) => {
      const { block } = part.tap;
      const out = net.registerTap(part.tap.id, (_, value) => {
        const maps = value as tf.Tensor4D;
        part.features.push(tf.keep(featuresOf(maps, part.factor)));
        pending.push({ part, ...mapsOf(maps), relu: relus.get(block) ?? null });
      });
      if (!part.alive) return [out];
      const relu = net.registerTap(`${block}.relu`, (_, value) => relus.set(block, channelSums(value)));
      return [relu, out];
    });
    try {
      const values = tf.tidy(() => {
        const { x, labels } = testBatch(this.#split, places, this.#normalisation, net.config);
        return testStats(net.apply(x, 'infer'), labels);
      });
      return { pending, stats: { values, images: places.length } };
    } finally {
      for (const handle of handles) handle.remove();
    }
  }
}

/** Reads what a chunk has left, takes it in and disposes of it. */
async function takeAll(all: readonly Pending[], { values, images }: Stats): Promise<Evaluation> {
  try {
    for (const { part, maps, low, relu } of all) {
      const [numbers, energies, sums] = await Promise.all([maps.data(), low.data(), relu?.data()]);
      part.statistics.add(numbers as Float32Array, energies as Float32Array);
      sums?.forEach((sum, c) => {
        if (sum > 0) part.alive![c] = 1;
      });
    }
    const [loss, correct] = (await values.data()) as unknown as [number, number];
    return { loss, accuracy: correct / images, images };
  } finally {
    values.dispose();
    for (const { maps, low, relu } of all) tf.dispose([maps, low, ...(relu ? [relu] : [])]);
  }
}

function summarise({ tap, statistics, alive }: Part, config: NetworkConfig, rank: number): BlockMeasures {
  const { block } = tap;
  const means = statistics.means;
  if (!Number.isFinite(means.contrast) || !Number.isFinite(rank))
    throw new ScopeError('NON_FINITE', `tap ${tap.id}: a value of a measured image is not finite`, {
      field: tap.id,
    });
  // The sum of shifted ReLUs has no single ReLU to tap: a channel counts as dead where all its ReLUs stay at zero on
  // every image, which leaves the same number, its bias, everywhere.
  const deadFraction = alive
    ? alive.filter((a) => a === 0).length / alive.length
    : statistics.dead(config.activation.kind === 'shifted' ? 'sameEverywhere' : 'neverPositive');
  return { block, ...means, deadFraction, effectiveRank: rank };
}

/** Maps [n, C, H, W] of an activation [n, H, W, C], and their low-frequency energy [n·C]; both are kept. */
function mapsOf(value: tf.Tensor4D): { maps: tf.Tensor; low: tf.Tensor } {
  const [count, height, width, channels] = value.shape;
  const [maps, low] = tf.tidy(() => {
    const planes = tf.transpose(tf.reshape(value, [count, height * width, channels]), [0, 2, 1]);
    return [planes, lowFrequencyEnergy(tf.reshape(planes, [count * channels, height, width]))];
  });
  return { maps: tf.keep(maps!), low: tf.keep(low!) };
}

/** Sum of each channel of a ReLU's output, [1, C], kept: zero only where no value is above zero. A product, because wasm
 * reduces along the first axis slowly. */
function channelSums(value: tf.Tensor): tf.Tensor {
  const channels = value.shape.at(-1)!;
  return tf.keep(
    tf.tidy(() => {
      const rows = tf.reshape(value, [-1, channels]);
      return tf.matMul(tf.ones([1, rows.shape[0]]), rows);
    }),
  );
}

function featuresOf(value: tf.Tensor4D, factor: number): tf.Tensor2D {
  return tf.tidy(() => {
    const maps = factor > 1 ? tf.avgPool(value, factor, factor, 'same') : value;
    return tf.reshape(maps, [value.shape[0], -1]);
  });
}

/** Smallest whole factor by which maps [H, W, C] are averaged down to at most so many features, or to one pixel. */
export function averagingFactor([height, width, channels]: TapDescription['shape'], most: number): number {
  let factor = 1;
  while (
    factor < Math.max(height, width) &&
    Math.ceil(height / factor) * Math.ceil(width / factor) * channels > most
  )
    factor++;
  return factor;
}

function chunkSize(parts: readonly Part[]): number {
  const largest = Math.max(...parts.map(({ tap: { shape } }) => 4 * shape[0] * shape[1] * shape[2]));
  return Math.min(CHUNK_IMAGES, Math.max(1, Math.floor(CHUNK_BYTES / largest)));
}
