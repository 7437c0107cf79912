/** Batches of a training split: seeded order, augmentation, normalisation. Everything random comes from one stream
 * whose state can be stored, so that a resumed run sees the same pixels. */
import { ScopeError } from '../../shared/errors.ts';
import type { DatasetShape } from '../../shared/presets.ts';
import { Random } from '../random.ts';
import type { Split } from './dataset.ts';

/** Mean and standard deviation of each channel, [C], in units where white is 1. */
export interface Normalisation {
  mean: number[];
  std: number[];
}

/** Measures a split; a channel that never varies gets a deviation of 1. */
export function normalisation(split: Split, channels: number): Normalisation {
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  for (let at = 0; at < split.images.length; at++) counts[at % channels]![split.images[at]!]!++;
  const values = split.images.length / channels;
  const mean = counts.map((count) => count.reduce((sum, n, v) => sum + (n * v) / 255, 0) / values);
  const std = counts.map((count, c) =>
    Math.sqrt(count.reduce((sum, n, v) => sum + n * (v / 255 - mean[c]!) ** 2, 0) / values),
  );
  return { mean, std: std.map((s) => s || 1) };
}

/** (v / 255 - mean) / std of every byte value, for each channel: [C][256]. */
function tables({ mean, std }: Normalisation): Float32Array[] {
  return mean.map((m, c) => Float32Array.from({ length: 256 }, (_, v) => (v / 255 - m) / std[c]!));
}

/** uint8 [N, H, W, C] to float32 [N, H, W, C], (v / 255 - mean) / std; written to `out` where it is given. */
export function toInput(
  images: Uint8Array,
  n: Normalisation,
  out: Float32Array = new Float32Array(images.length),
): Float32Array {
  const table = tables(n);
  const channels = table.length;
  for (let c = 0; c < channels; c++) {
    const values = table[c]!;
    for (let at = c; at < images.length; at += channels) out[at] = values[images[at]!]!;
  }
  return out;
}

export interface BatchOptions {
  batchSize: number;
  /** Mirror every other image, at random, left to right. */
  flip: boolean;
  /** Shift each image by up to this many pixels, at random, repeating its border; 0 switches it off. */
  crop: number;
  normalisation: Normalisation;
  random: Random;
}

export interface Batch {
  /** float32 [count, H, W, C], augmented and normalised; a fresh array, the caller's to keep. */
  x: Float32Array;
  /** [count] */
  labels: Uint16Array;
  count: number;
}

/** Where a source stands, as JSON: the random state before the epoch's order was drawn, the state now, and how many
 * images of that order were given. */
export interface BatchState {
  epoch: readonly number[] | null;
  now: readonly number[];
  position: number;
}

/** An endless supply of epochs: `startEpoch()`, then `stepsPerEpoch` times `next()`. A last batch of a single image
 * is left out, because batch normalisation has no variance over one. */
export class BatchSource {
  readonly #split: Split;
  readonly #shape: DatasetShape;
  readonly #options: BatchOptions;
  /** The tables of all channels end to end. */
  readonly #table: Float32Array;
  /** Where each column of an image is taken from, in bytes of its row. */
  readonly #columns: Int32Array;
  #random: Random;
  #epoch: readonly number[] | null = null;
  #order: Uint32Array = new Uint32Array(0);
  #position = 0;

  constructor(split: Split, shape: DatasetShape, options: BatchOptions) {
    if (split.labels.length < 2)
      throw new ScopeError(
        'INVALID_DATA',
        `the training split of ${shape.id} has ${split.labels.length} images; at least 2 are needed`,
        { field: 'data.trainLimit' },
      );
    this.#split = split;
    this.#shape = shape;
    this.#options = options;
    this.#table = Float32Array.from(tables(options.normalisation).flatMap((table) => [...table]));
    this.#columns = new Int32Array(shape.inputSize);
    this.#random = options.random;
  }

  get stepsPerEpoch(): number {
    const images = this.#split.labels.length;
    const { batchSize } = this.#options;
    return Math.floor(images / batchSize) + (images % batchSize >= 2 ? 1 : 0);
  }

  /** Draws a new order of all images and goes to its start. */
  startEpoch(): void {
    this.#epoch = this.#random.state;
    this.#order = this.#random.permutation(this.#split.labels.length);
    this.#position = 0;
  }

  next(): Batch {
    const count = Math.min(this.#options.batchSize, this.#order.length - this.#position);
    if (count < 2) throw new RangeError('the epoch has no further batch: call startEpoch() first');
    const { inputSize, inputChannels } = this.#shape;
    const pixels = inputSize * inputSize * inputChannels;
    const x = new Float32Array(count * pixels);
    const labels = new Uint16Array(count);
    for (let i = 0; i < count; i++) {
      const image = this.#order[this.#position + i]!;
      labels[i] = this.#split.labels[image]!;
      this.#augment(image, x.subarray(i * pixels, (i + 1) * pixels));
    }
    this.#position += count;
    return { x, labels, count };
  }

  /** Writes one image [H, W, C], mirrored and shifted by chance, normalised. */
  #augment(image: number, out: Float32Array): void {
    const { inputSize: size, inputChannels: channels } = this.#shape;
    const { flip, crop } = this.#options;
    const mirrored = flip && this.#random.uniform() < 0.5;
    const down = crop > 0 ? this.#random.integer(-crop, crop) : 0;
    const right = crop > 0 ? this.#random.integer(-crop, crop) : 0;
    const last = size - 1;
    const within = (place: number): number => Math.min(last, Math.max(0, place));
    const start = image * size * size * channels;
    // Every pixel of every step passes here: nothing is looked up that stays the same.
    const { images } = this.#split;
    const table = this.#table;
    const columns = this.#columns;
    for (let x = 0; x < size; x++) columns[x] = within((mirrored ? last - x : x) + right) * channels;
    for (let y = 0, at = 0; y < size; y++) {
      const row = start + within(y + down) * size * channels;
      for (let x = 0; x < size; x++) {
        const from = row + columns[x]!;
        for (let c = 0; c < channels; c++) out[at++] = table[256 * c + images[from + c]!]!;
      }
    }
  }

  get state(): BatchState {
    return { epoch: this.#epoch, now: this.#random.state, position: this.#position };
  }

  set state(state: BatchState) {
    if (state.epoch) this.#order = Random.fromState(state.epoch).permutation(this.#split.labels.length);
    this.#epoch = state.epoch;
    this.#position = state.position;
    this.#random = Random.fromState(state.now);
  }
}
