/** A network as a safetensors file: weights under the reference's names, and what is needed to build it. */
import type { NetworkConfig } from '../../shared/config.ts';
import { encodeSafetensors } from '../../shared/safetensors.ts';
import type { Weights } from './weights.ts';

/** The configuration as a file's metadata, in the reference files' keys where they have one; `extra` for what else is
 * to travel with it, a run's configuration for instance. */
export function weightsMetadata(
  config: NetworkConfig,
  extra: Record<string, string> = {},
): Record<string, string> {
  const { dims, strides, activation } = config;
  return {
    format: 'pt',
    dims: JSON.stringify(dims),
    strides: JSON.stringify(strides),
    ...(activation.kind === 'series' ? { act_num: String(activation.n) } : {}),
    activation: JSON.stringify(activation),
    bn_eps: String(config.bnEpsilon),
    bn_momentum: String(config.bnMomentum),
    stem_stride: String(config.stemStride),
    input_size: String(config.inputSize),
    classes: String(config.classes),
    ...extra,
  };
}

/** Bytes of a file that PyTorch loads with strict names (its counters of batches start at 0 by themselves). */
export function encodeWeights(
  weights: ReadonlyMap<string, Weights>,
  config: NetworkConfig,
  extra: Record<string, string> = {},
): Uint8Array {
  const tensors = new Map(
    [...weights].map(([name, { shape, data }]) => [name, { dtype: 'F32' as const, shape, data }]),
  );
  return encodeSafetensors(tensors, weightsMetadata(config, extra));
}
