/** Reads a weights file that a training shall start from as far as that takes no network: the training process checks
 * each tensor before it loads the first. */
import type { NetworkConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { decodeSafetensors } from '../../shared/safetensors.ts';

/** Metadata of weights files by the field of the network that they hold as JSON. */
const FIELDS = {
  dims: 'dims',
  strides: 'strides',
  activation: 'activation',
  stemStride: 'stem_stride',
  bnEpsilon: 'bn_eps',
  bnMomentum: 'bn_momentum',
} as const satisfies Partial<Record<keyof NetworkConfig, string>>;

/** What the file says of its network, unchecked; image size and classes are the data set's. Throws INVALID_WEIGHTS for
 * what is no safetensors file, a merged network, and metadata that can't be read. */
export function readStart(bytes: Uint8Array): Partial<NetworkConfig> {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (tensors.has('stem.0.weight'))
    throw new ScopeError(
      'INVALID_WEIGHTS',
      'it holds a merged network, which has no pairs left to train by the deep strategy; ' +
        'the deep form of a snapshot before the merge is valid',
      { field: 'stem.0.weight' },
    );
  const network: Record<string, unknown> = {};
  for (const [field, key] of Object.entries(FIELDS)) {
    const text = metadata[key];
    if (text !== undefined) network[field] = parse(key, text);
  }
  // The reference tells the number of its series activation alone, and has one stem.
  if ('dims' in network) network['stemStride'] ??= 4;
  if (!('activation' in network) && metadata['act_num'] !== undefined)
    network['activation'] = { kind: 'series', n: parse('act_num', metadata['act_num']) };
  return network;
}

function parse(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ScopeError('INVALID_WEIGHTS', `'${key}' in its metadata is '${text.slice(0, 60)}', no JSON`, {
      field: key,
      cause,
    });
  }
}
