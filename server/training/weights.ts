/** The weights of one moment of a run as a file of their own: what PyTorch and the analyses read, without the slots of
 * the optimizer. */
import type { RunConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { decodeSafetensors, type SafetensorsTensor } from '../../shared/safetensors.ts';
import type { Normalisation } from '../datasets/batches.ts';
import { VanillaNet } from '../nn/vanillanet.ts';
import { importWeights, readWeights, type Weights } from '../nn/weights.ts';
import { encodeWeights } from '../nn/weightsFile.ts';

/** What a file of weights says of itself. */
export interface Moment {
  config: RunConfig;
  /** Epochs completed. */
  epoch: number;
  /** How images are normalised ahead of the network. */
  normalisation: Normalisation;
}

/** Bytes of a safetensors file: plain reference names, NCHW and OIHW; the moment, λ and act_learn (1 - λ, as the
 * reference counts) in its metadata. */
export async function encodeMoment(net: VanillaNet, moment: Moment): Promise<Uint8Array> {
  const { config, epoch, normalisation } = moment;
  return encodeWeights(await readWeights(net), config.network, {
    network: JSON.stringify(config.network),
    epoch: String(epoch),
    lambda: String(net.lambda),
    act_learn: String(1 - net.lambda),
    merged: String(net.merged),
    normalisation: JSON.stringify(normalisation),
    config: JSON.stringify(config),
  });
}

/** The network of a file that encodeMoment has written; throws INVALID_WEIGHTS naming what is wrong with it. The caller
 * disposes of the network. */
export function decodeMoment(bytes: Uint8Array): { net: VanillaNet; moment: Moment } {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const config = parse(metadata, 'config') as RunConfig;
  const normalisation = parse(metadata, 'normalisation') as Normalisation;
  const epoch = parse(metadata, 'epoch') as number;
  const net = new VanillaNet(config.network, null);
  try {
    net.lambda = parse(metadata, 'lambda') as number;
    if (parse(metadata, 'merged') === true) net.merge();
    importWeights(net, floats(tensors));
  } catch (error) {
    net.dispose();
    throw error;
  }
  return { net, moment: { config, epoch, normalisation } };
}

/** Loads the weights of a file from anywhere into a deep network. Throws INVALID_WEIGHTS, before anything is loaded,
 * naming what is unknown, missing or misshapen. */
export function loadWeights(net: VanillaNet, bytes: Uint8Array): void {
  importWeights(net, floats(decodeSafetensors(bytes).tensors));
}

function floats(tensors: ReadonlyMap<string, SafetensorsTensor>): Map<string, Weights> {
  const weights = new Map<string, Weights>();
  for (const [name, { dtype, shape, data }] of tensors) {
    // PyTorch counts batches in whole numbers; nothing here depends on the count.
    if (name.endsWith('num_batches_tracked')) continue;
    if (!(data instanceof Float32Array))
      throw new ScopeError('INVALID_WEIGHTS', `tensor ${name} is of type ${dtype}; F32 is valid`, {
        field: name,
      });
    weights.set(name, { shape, data });
  }
  return weights;
}

function parse(metadata: Readonly<Record<string, string>>, key: string): unknown {
  const text = metadata[key];
  if (text === undefined)
    throw new ScopeError('INVALID_WEIGHTS', `the metadata of the weights lack '${key}'`, { field: key });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ScopeError('INVALID_WEIGHTS', `'${key}' in the metadata of the weights is not JSON`, {
      field: key,
      cause,
    });
  }
}
