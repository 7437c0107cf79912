/** Weights in and out of a network, under the reference implementation's names and in its layout (NCHW, OIHW). */
import * as tf from '@tensorflow/tfjs-core';
import { ScopeError } from '../../shared/errors.ts';
import type { Layout, NamedVariable } from './variables.ts';
import type { VanillaNet } from './vanillanet.ts';

export interface Weights {
  shape: number[];
  data: Float32Array;
}

/** Axes of the stored tensor in terms of ours, and the way back. */
const PERMUTATIONS: Readonly<Record<Layout, { out: number[]; in: number[] } | null>> = {
  conv: { out: [3, 2, 0, 1], in: [2, 3, 1, 0] },
  depthwise: { out: [2, 3, 0, 1], in: [2, 3, 0, 1] },
  plain: null,
};

/** A tensor laid out for the exchange; the caller disposes of it. */
function stored(value: tf.Tensor, layout: Layout): tf.Tensor {
  const permutation = PERMUTATIONS[layout];
  return permutation ? tf.transpose(value, permutation.out) : tf.clone(value);
}

function storedShape({ variable, layout }: NamedVariable): number[] {
  const permutation = PERMUTATIONS[layout];
  return permutation ? permutation.out.map((axis) => variable.shape[axis]!) : [...variable.shape];
}

/** Parameters and buffers. Reads at once, which WebGPU can't: see readWeights. */
export function exportWeights(net: VanillaNet): Map<string, Weights> {
  const weights = new Map<string, Weights>();
  for (const entry of net.variables) {
    const value = stored(entry.variable, entry.layout);
    weights.set(entry.name, { shape: storedShape(entry), data: Float32Array.from(value.dataSync()) });
    value.dispose();
  }
  return weights;
}

/** As exportWeights, on every backend. What training writes meanwhile doesn't show: all values are taken first. */
export async function readWeights(net: VanillaNet): Promise<Map<string, Weights>> {
  const taken = net.variables.map((entry) => ({
    name: entry.name,
    shape: storedShape(entry),
    value: stored(entry.variable, entry.layout),
  }));
  try {
    const arrays = await Promise.all(taken.map(({ value }) => value.data()));
    return new Map(taken.map(({ name, shape }, i) => [name, { shape, data: Float32Array.from(arrays[i]!) }]));
  } finally {
    for (const { value } of taken) value.dispose();
  }
}

/** A parameter's gradient, or any tensor of a parameter's shape, laid out as the parameter is stored. */
export function inStoredLayout(net: VanillaNet, name: string, value: tf.Tensor): tf.Tensor {
  const entry = net.variables.find((v) => v.name === name);
  if (!entry) throw new ScopeError('NOT_FOUND', `parameter '${name}' is unknown`, { field: name });
  return stored(value, entry.layout);
}

/** Loads weights into a network in the same state, deep or merged, as they were written in. Names and shapes are all
 * checked before the first is set; throws INVALID_WEIGHTS naming what is unknown, missing or misshapen. */
export function importWeights(
  net: VanillaNet,
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: ArrayLike<number> }>,
): void {
  const problems: string[] = [];
  const expected = new Map(net.variables.map((entry) => [entry.name, entry]));
  for (const name of tensors.keys())
    // PyTorch counts batches; nothing here depends on the count.
    if (!expected.has(name) && !name.endsWith('num_batches_tracked')) problems.push(`unknown: ${name}`);
  for (const [name, entry] of expected) {
    const tensor = tensors.get(name);
    const shape = storedShape(entry);
    if (!tensor) problems.push(`missing: ${name}`);
    else if (tensor.shape.join() !== shape.join())
      problems.push(`misshapen: ${name} is [${tensor.shape.join(', ')}], [${shape.join(', ')}] is valid`);
    else if (tensor.data.length !== entry.variable.size)
      problems.push(`misshapen: ${name} has ${tensor.data.length} values, ${entry.variable.size} are valid`);
  }
  if (problems.length > 0)
    throw new ScopeError(
      'INVALID_WEIGHTS',
      `the weights don't fit the ${net.merged ? 'merged' : 'deep'} network: ${problems.join('; ')}`,
    );
  for (const [name, { variable, layout }] of expected) {
    const { shape, data } = tensors.get(name)!;
    tf.tidy(() => {
      const value = tf.tensor(Float32Array.from(data), [...shape], 'float32');
      const permutation = PERMUTATIONS[layout];
      variable.assign(permutation ? tf.transpose(value, permutation.in) : value);
    });
  }
}
