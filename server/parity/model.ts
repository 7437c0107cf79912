/** The network that a weights file belongs to, from its metadata and shapes alone. */
import type { ActivationConfig, NetworkConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import type { SafetensorsFile } from '../../shared/safetensors.ts';
import { inferStemStride, inferStrides, type TapSizes } from './strides.ts';

const STEM_STRIDES = [4, 2, 1] as const;

function invalid(message: string, field: string): never {
  throw new ScopeError('INVALID_WEIGHTS', message, { field });
}

/** Whether the file holds a merged network. */
export function isMerged(model: SafetensorsFile): boolean {
  return model.tensors.has('stem.0.weight');
}

/** Configuration of the network in `model`. What neither its metadata nor its shapes say (strides, stem stride) is
 * read off `sizes`, the side of each recorded map; images are `inputSize` pixels. Throws INVALID_WEIGHTS naming what
 * is missing or contradicts itself. */
export function networkOf(model: SafetensorsFile, inputSize: number, sizes: TapSizes): NetworkConfig {
  const { metadata } = model;
  const merged = isMerged(model);
  const [stem, stage, head] = merged
    ? (['stem.0.weight', (i: number) => `stages.${i}.conv.weight`, 'cls.2.weight'] as const)
    : (['stem1.0.weight', (i: number) => `stages.${i}.conv2.0.weight`, 'cls1.2.weight'] as const);
  const stemShape = shapeOf(model, stem, 4);
  const dims = [stemShape[0]!];
  while (model.tensors.has(stage(dims.length - 1))) dims.push(shapeOf(model, stage(dims.length - 1), 4)[0]!);
  const stated = list(metadata, 'dims');
  if (stated && stated.join() !== dims.join())
    invalid(
      `metadata 'dims' is [${stated.join(', ')}], the weights are of widths [${dims.join(', ')}]`,
      'dims',
    );

  const base = {
    inputSize,
    inputChannels: stemShape[1]!,
    classes: shapeOf(model, head, 4)[0]!,
    dims,
    activation: activationOf(model, dims.length - 1),
    bnEpsilon: number(metadata, ['bn_eps', 'bn_epsilon', 'eps']) ?? 1e-6,
    bnMomentum: number(metadata, ['bn_momentum']) ?? 0.1,
  };
  const stemStride = number(metadata, ['stem_stride']) ?? inferStemStride(inputSize, sizes);
  if (!STEM_STRIDES.includes(stemStride as 4))
    invalid(`metadata 'stem_stride' is ${stemStride}; ${STEM_STRIDES.join(', ')} are valid`, 'stem_stride');
  const strides = list(metadata, 'strides') ?? inferStrides(dims.length - 1, sizes);
  if (strides.length !== dims.length - 1)
    invalid(`metadata 'strides' has ${strides.length} entries for ${dims.length - 1} stages`, 'strides');
  return { ...base, strides, stemStride: stemStride as 1 | 2 | 4 };
}

function shapeOf(model: SafetensorsFile, name: string, rank: number): number[] {
  const tensor = model.tensors.get(name);
  if (!tensor) invalid(`the model has no tensor ${name}`, name);
  if (tensor.shape.length !== rank)
    invalid(`tensor ${name} has the shape [${tensor.shape.join(', ')}]; ${rank} axes are valid`, name);
  return tensor.shape;
}

/** Series, shifted or plain, by the tensors that the last stage's activation has. */
function activationOf(model: SafetensorsFile, stages: number): ActivationConfig {
  const at = `stages.${stages - 1}.act`;
  const scale = model.tensors.get(`${at}.scale`);
  if (scale) return { kind: 'shifted', n: scale.shape[0]! };
  if (!model.tensors.has(`${at}.weight`)) return { kind: 'relu' };
  const shape = shapeOf(model, `${at}.weight`, 4);
  const n = (shape[2]! - 1) / 2;
  const stated = number(model.metadata, ['act_num']);
  if (!Number.isInteger(n) || (stated !== null && stated !== n))
    invalid(
      `${at}.weight is ${shape[2]}×${shape[3]}, metadata 'act_num' is ${stated ?? 'absent'}; a series of n needs 2n + 1`,
      'act_num',
    );
  return { kind: 'series', n };
}

function number(metadata: Record<string, string>, keys: readonly string[]): number | null {
  for (const key of keys) {
    const text = metadata[key];
    if (text === undefined) continue;
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value))
      invalid(`metadata '${key}' is '${text}', no number`, key);
    return value;
  }
  return null;
}

/** A list of natural numbers, written in brackets of any kind or in none. */
function list(metadata: Record<string, string>, key: string): number[] | null {
  const text = metadata[key];
  if (text === undefined) return null;
  const values = text
    .replace(/[[\]()\s]/g, '')
    .split(',')
    .filter(Boolean)
    .map(Number);
  if (values.length === 0 || !values.every((v) => Number.isInteger(v) && v > 0))
    invalid(`metadata '${key}' is '${text}', no list of natural numbers`, key);
  return values;
}
