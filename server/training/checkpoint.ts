/**
 * A training's whole state as one safetensors file: weights and running statistics under the reference
 * implementation's names and layouts, so that the file is a weights file too; the optimizer's slots as
 * `optimizer.SLOT.PARAMETER` in the network's own layout (HWIO); everything else as JSON in the metadata.
 */
import type { RunConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../../shared/safetensors.ts';
import type { BatchState } from '../datasets/batches.ts';
import type { StoredTensor } from './flat.ts';
import type { OptimizerState } from './optimizer.ts';

/** Where a training stands between two epochs. */
export interface Progress {
  /** Epochs completed. */
  epoch: number;
  /** λ of the article, as the network holds it. */
  lambda: number;
  merged: boolean;
  /** Last training loss (nats) and accuracy (0 to 1), null before the first step. */
  loss: number | null;
  accuracy: number | null;
  /** Random state and order of the training images. */
  batches: BatchState;
}

export interface Checkpoint {
  config: RunConfig;
  progress: Progress;
  optimizer: OptimizerState;
  weights: ReadonlyMap<string, StoredTensor>;
}

interface Metadata {
  version: 1;
  config: RunConfig;
  progress: Progress;
  optimizer: { steps: number; slots: string[] };
}

const KEY = 'vanillascope.checkpoint';
const PREFIX = 'optimizer.';

/** `about` is metadata for readers of the weights alone. */
export function encodeCheckpoint(
  checkpoint: Checkpoint,
  about: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { config, progress, optimizer } = checkpoint;
  const tensors = new Map<string, StoredTensor & { dtype: 'F32' }>();
  const add = (name: string, tensor: StoredTensor): void =>
    void tensors.set(name, { ...tensor, dtype: 'F32' });
  for (const [name, tensor] of checkpoint.weights) add(name, tensor);
  for (const [slot, values] of optimizer.slots)
    for (const [name, tensor] of values) add(`${PREFIX}${slot}.${name}`, tensor);
  const metadata: Metadata = {
    version: 1,
    config,
    progress,
    optimizer: { steps: optimizer.steps, slots: [...optimizer.slots.keys()] },
  };
  return encodeSafetensors(tensors, { ...about, [KEY]: JSON.stringify(metadata) });
}

/** Throws INVALID_WEIGHTS where the bytes are no checkpoint. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { config, progress, optimizer } = readMetadata(metadata[KEY]);
  const slots = new Map(optimizer.slots.map((slot) => [slot, new Map<string, StoredTensor>()]));
  const weights = new Map<string, StoredTensor>();
  for (const [name, { shape, data }] of tensors) {
    if (!(data instanceof Float32Array))
      throw new ScopeError('INVALID_WEIGHTS', `tensor ${name} is not float32`, { field: name });
    const tensor = { shape, data };
    const slot = optimizer.slots.find((s) => name.startsWith(`${PREFIX}${s}.`));
    if (slot) slots.get(slot)!.set(name.slice(PREFIX.length + slot.length + 1), tensor);
    else weights.set(name, tensor);
  }
  return { config, progress, optimizer: { steps: optimizer.steps, slots }, weights };
}

function readMetadata(text: string | undefined): Metadata {
  const bad = (why: string, cause?: unknown): ScopeError =>
    new ScopeError('INVALID_WEIGHTS', `this safetensors file is no checkpoint: ${why}`, {
      field: KEY,
      cause,
    });
  if (text === undefined) throw bad(`its metadata lack '${KEY}'`);
  let metadata: Metadata;
  try {
    metadata = JSON.parse(text) as Metadata;
  } catch (cause) {
    throw bad(`'${KEY}' in its metadata is not JSON`, cause);
  }
  if (metadata.version !== 1) throw bad(`its version is ${String(metadata.version)}; 1 is known`);
  return metadata;
}

/** Refuses to go on with another run than the checkpoint's: what decides on the numbers must be the same. */
export function checkSameRun(stored: RunConfig, wanted: RunConfig): void {
  for (const field of ['seed', 'data', 'network', 'training'] as const) {
    const [was, is] = [canonical(stored[field]), canonical(wanted[field])];
    if (was !== is)
      throw new ScopeError('CONFLICT', `the checkpoint was trained with ${field} = ${was}, not ${is}`, {
        field,
      });
  }
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) =>
    v && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}
