/** Measures of many maps of one size in one walk over values that were read from the device: the same numbers as those
 * of shared/measures.ts, which call for a walk each. */
import type { BlockMeasures } from '../../shared/measurement.ts';

const BINS = 256;
/** A map whose Σ (v - mean)² is below this part of its Σ v² is constant: what is left is rounding. */
const ROUNDING = 1e-12;

/** What makes a channel dead: its values `neverPositive` (a ReLU's output) or the `sameEverywhere`. */
export type DeadRule = 'neverPositive' | 'sameEverywhere';

export class MapStatistics {
  readonly #height: number;
  readonly #width: number;
  readonly #channels: number;
  /** What one more value in a bin of c adds to Σ c·log₂ c. */
  readonly #gain: Float64Array;
  readonly #counts = new Uint32Array(BINS);
  readonly #lowest: Float32Array;
  readonly #highest: Float32Array;
  #maps = 0;
  #contrast = 0;
  #variation = 0;
  #entropy = 0;
  #high = 0;

  constructor(height: number, width: number, channels: number) {
    this.#height = height;
    this.#width = width;
    this.#channels = channels;
    const term = (c: number): number => (c > 0 ? c * Math.log2(c) : 0);
    this.#gain = Float64Array.from({ length: height * width }, (_, c) => term(c + 1) - term(c));
    this.#lowest = new Float32Array(channels).fill(Infinity);
    this.#highest = new Float32Array(channels).fill(-Infinity);
  }

  /** Takes in maps [N, C, H, W] and the energy of each at low frequencies, [N·C], see spectrum.ts. */
  add(values: Float32Array, low: Float32Array): void {
    const size = this.#height * this.#width;
    for (let map = 0; map < low.length; map++) this.#one(values, map * size, map % this.#channels, low[map]!);
    this.#maps += low.length;
  }

  #one(values: Float32Array, from: number, channel: number, lowEnergy: number): void {
    const height = this.#height;
    const width = this.#width;
    const size = height * width;
    let sum = 0;
    let low = Infinity;
    let high = -Infinity;
    let steps = 0;
    for (let y = 0, at = from; y < height; y++)
      for (let x = 0; x < width; x++, at++) {
        const v = values[at]!;
        sum += v;
        if (v < low) low = v;
        if (v > high) high = v;
        if (x > 0) steps += Math.abs(v - values[at - 1]!);
        if (y > 0) steps += Math.abs(v - values[at - width]!);
      }
    if (low < this.#lowest[channel]!) this.#lowest[channel] = low;
    if (high > this.#highest[channel]!) this.#highest[channel] = high;
    // Also of a map with a value that is no number: its sum tells.
    if (!(high > low)) return this.#constant(sum);
    const mean = sum / size;
    const scale = BINS / (high - low);
    const counts = this.#counts.fill(0);
    const gain = this.#gain;
    let squares = 0;
    let terms = 0;
    for (let at = from; at < from + size; at++) {
      const v = values[at]!;
      squares += (v - mean) * (v - mean);
      let bin = ((v - low) * scale) | 0;
      if (bin === BINS) bin--;
      terms += gain[counts[bin]!++]!;
    }
    const pairs = height * (width - 1) + (height - 1) * width;
    this.#contrast += Math.sqrt(squares / size);
    this.#variation += steps / pairs;
    this.#entropy += Math.log2(size) - terms / size;
    if (squares > ROUNDING * (squares + size * mean * mean))
      this.#high += Math.min(1, Math.max(0, 1 - lowEnergy / squares));
  }

  #constant(sum: number): void {
    if (!Number.isFinite(sum)) this.#contrast = NaN;
  }

  /** Means over all maps; the contrast is not finite where a value was not. */
  get means(): Pick<BlockMeasures, 'contrast' | 'totalVariation' | 'highFrequencyShare' | 'entropy'> {
    const maps = this.#maps;
    return {
      contrast: this.#contrast / maps,
      totalVariation: this.#variation / maps,
      highFrequencyShare: this.#high / maps,
      entropy: this.#entropy / maps,
    };
  }

  /** Share of the channels that are dead by a rule, 0 to 1. */
  dead(rule: DeadRule): number {
    const isDead = (c: number): boolean =>
      rule === 'neverPositive' ? !(this.#highest[c]! > 0) : !(this.#highest[c]! > this.#lowest[c]!);
    let dead = 0;
    for (let c = 0; c < this.#channels; c++) if (isDead(c)) dead++;
    return dead / this.#channels;
  }
}
