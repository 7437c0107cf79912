/** The probes as the network takes them, kept on the device while they are watched. */
import * as tf from '@tensorflow/tfjs-core';
import type { NetworkConfig } from '../../shared/config.ts';

/** Sets of probes that are kept: all of them, for the snapshots, and those that are watched. */
const KEPT = 2;

export class ProbeInputs {
  readonly #values: Float32Array;
  /** Images beside the probes, by their index; normalised, float32 [H, W, C]. */
  readonly #own = new Map<number, Float32Array>();
  /** By their indices, the least lately used first. */
  readonly #tensors = new Map<string, tf.Tensor4D>();

  /** `values` are all probes, normalised, float32 [count, H, W, C]. */
  constructor(values: Float32Array) {
    this.#values = values;
  }

  /** Indices of the images beside the probes, in order. */
  get own(): number[] {
    return [...this.#own.keys()].sort((a, b) => a - b);
  }

  setOwn(index: number, input: Float32Array | null): void {
    if (input) this.#own.set(index, input);
    else this.#own.delete(index);
    for (const key of this.#tensors.keys()) if (key.split(',').includes(String(index))) this.#drop(key);
  }

  /** [probes, H, W, C] of the probes of these indices; it stays this object's. */
  get({ inputSize, inputChannels }: NetworkConfig, probes: readonly number[]): tf.Tensor4D {
    const key = probes.join();
    const tensor = this.#tensors.get(key) ?? this.#upload(inputSize, inputChannels, probes);
    this.#tensors.delete(key);
    this.#tensors.set(key, tensor);
    if (this.#tensors.size > KEPT) this.#drop([...this.#tensors.keys()][0]!);
    return tensor;
  }

  #drop(key: string): void {
    this.#tensors.get(key)!.dispose();
    this.#tensors.delete(key);
  }

  #upload(size: number, channels: number, probes: readonly number[]): tf.Tensor4D {
    const pixels = size * size * channels;
    const x = new Float32Array(probes.length * pixels);
    probes.forEach((probe, i) => {
      const recorded = this.#values.subarray(probe * pixels, (probe + 1) * pixels);
      x.set(this.#own.get(probe) ?? recorded, i * pixels);
    });
    return tf.keep(tf.tensor4d(x, [probes.length, size, size, channels]));
  }

  dispose(): void {
    for (const key of [...this.#tensors.keys()]) this.#drop(key);
  }
}
