/** A network to be tested, and what it is fed. */
import * as tf from '@tensorflow/tfjs-core';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { Random } from '../../../server/random.ts';
import type { NetworkConfig } from '../../../shared/config.ts';

/** With weights of its own seed. */
export const network = (config: NetworkConfig, seed = 7): VanillaNet =>
  new VanillaNet(config, Random.seeded(seed, 'network'));

/** Normal values, [count, inputSize, inputSize, inputChannels]. */
export function images(config: NetworkConfig, count = 3, seed = 5): tf.Tensor4D {
  const random = Random.seeded(seed, 'images');
  const size = count * config.inputSize ** 2 * config.inputChannels;
  return tf.tensor4d(
    Float32Array.from({ length: size }, () => random.normal()),
    [count, config.inputSize, config.inputSize, config.inputChannels],
  );
}

/** The largest there is between two tensors of one shape. */
export const difference = (a: tf.Tensor, b: tf.Tensor): number =>
  tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!);
