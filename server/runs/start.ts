/** Reads a weights file that a training shall start from as far as that takes no network: the training process checks
 * each tensor before it loads the first. */
import type { NetworkConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import {
  decodeSafetensorsHeader,
  safetensorsHeaderLength,
  type SafetensorsHeader,
} from '../../shared/safetensors.ts';
import { readSafetensorsHeader } from './files.ts';

/** Metadata of weights files by the field of the network that they hold as JSON. */
const FIELDS = {
  dims: 'dims',
  strides: 'strides',
  activation: 'activation',
  stemStride: 'stem_stride',
  bnEpsilon: 'bn_eps',
  bnMomentum: 'bn_momentum',
} as const satisfies Partial<Record<keyof NetworkConfig, string>>;

/** Bytes of the longest header: the family's largest networks need some 100 kB. */
const LONGEST_HEADER = 2 ** 20;
const OPENING_BRACE = 0x7b;

/** Takes a weights file in piece by piece and keeps nothing of it but the header. Its methods throw INVALID_WEIGHTS, as
 * early as it can be told, for what no training can start from. */
export class StartReader {
  readonly #fileBytes: number;
  #bytes = 0;
  /** What has come of the header; nothing once it is read. */
  #head = Buffer.alloc(0);
  #header: SafetensorsHeader | null = null;
  #network: Partial<NetworkConfig> | null = null;

  /** `fileBytes`: how long the file says it is; Infinity where that is not known. */
  constructor(fileBytes = Infinity) {
    this.#fileBytes = fileBytes;
  }

  push(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (!this.#header) {
      this.#head = Buffer.concat([this.#head, piece]);
      this.#read();
    }
    if (this.#header && this.#bytes > this.#header.fileBytes)
      throw refuse(`it goes on after the ${this.#header.fileBytes} bytes that its header tells of`);
  }

  /** What the file says of its network, unchecked; called after the last piece. */
  end(): Partial<NetworkConfig> {
    const { fileBytes } = this.#header ?? { fileBytes: 8 };
    if (!this.#network && this.#bytes >= 8)
      throw refuse(`it ends within its header, after ${this.#bytes} bytes`);
    if (!this.#network || this.#bytes < fileBytes)
      throw refuse(`it ends after ${this.#bytes} of at least ${fileBytes} bytes`);
    return this.#network;
  }

  #read(): void {
    if (this.#head.length < 8) return;
    const length = safetensorsHeaderLength(this.#head, this.#fileBytes, LONGEST_HEADER);
    const first = this.#head[8];
    if (first !== undefined && first !== OPENING_BRACE)
      throw refuse(`its header begins with the byte ${first}, not with '{'`);
    if (this.#head.length < 8 + length) return;
    const header = decodeSafetensorsHeader(this.#head, this.#fileBytes);
    this.#network = networkOf(header);
    this.#header = header;
    this.#head = Buffer.alloc(0);
  }
}

/** What the weights file at `path` says of its network, unchecked; of its values nothing is read. Throws as the reader
 * does, and the system's error where there is no such file. */
export async function readStart(path: string): Promise<Partial<NetworkConfig>> {
  return networkOf(await readSafetensorsHeader(path));
}

/** Image size and classes are the data set's, and left out. */
function networkOf({ tensors, metadata }: SafetensorsHeader): Partial<NetworkConfig> {
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

const refuse = (why: string): ScopeError =>
  new ScopeError('INVALID_WEIGHTS', `not a readable safetensors file: ${why}`);
