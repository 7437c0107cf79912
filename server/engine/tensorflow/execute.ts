/** Runs TensorFlow's own ops through tfjs-node's backend. */
import * as tf from '@tensorflow/tfjs-core';

interface OpAttribute {
  name: string;
  /** One of the binding's TF_ATTR_ constants. */
  type: number;
  value: unknown;
}

/** A tensor of TensorFlow's as the addon hands it out. */
export interface Output {
  id: number;
  shape: number[];
  dtype: number;
}

export interface Binding {
  readonly [constant: `TF_${string}`]: number;
  executeOp(name: string, attributes: OpAttribute[], inputs: readonly number[], outputs: number): Output[];
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
}

/** The part of tfjs-node's backend that is used here. */
export interface TensorflowBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Binding;
  getInputTensorIds(tensors: tf.TensorInfo[]): number[];
  createOutputTensor(output: Output): tf.Tensor;
}

type Dtype = 'float32' | 'int32' | 'bool';

/** Attributes by name; a number stands for a float, a list of numbers for whole ones. `T` is float32 where it is not
 * given. */
export type Attributes = Readonly<
  Record<
    string,
    | number
    | boolean
    | string
    | readonly number[]
    | { dtype: Dtype }
    | { shape: readonly number[] }
    | { int: number }
  >
>;

export const INT32 = { dtype: 'int32' } as const;
export const FLOAT32 = { dtype: 'float32' } as const;

const DTYPES = { float32: 'TF_FLOAT', int32: 'TF_INT32', bool: 'TF_BOOL' } as const;

export function backend(): TensorflowBackend {
  return tf.backend() as TensorflowBackend;
}

function attribute(binding: Binding, name: string, value: Attributes[string]): OpAttribute {
  switch (typeof value) {
    case 'number':
      return { name, type: binding.TF_ATTR_FLOAT!, value };
    case 'boolean':
      return { name, type: binding.TF_ATTR_BOOL!, value };
    case 'string':
      return { name, type: binding.TF_ATTR_STRING!, value };
  }
  if ('dtype' in value) return { name, type: binding.TF_ATTR_TYPE!, value: binding[DTYPES[value.dtype]]! };
  if ('shape' in value) return { name, type: binding.TF_ATTR_SHAPE!, value: value.shape };
  return { name, type: binding.TF_ATTR_INT!, value: 'int' in value ? value.int : value };
}

const described = new WeakMap<Attributes, OpAttribute[]>();

/** Kept by identity: attributes that never change are constants of their module. */
function describe(attributes: Attributes): OpAttribute[] {
  let list = described.get(attributes);
  if (!list) {
    const { binding } = backend();
    list = Object.entries(attributes).map(([name, value]) => attribute(binding, name, value));
    described.set(attributes, list);
  }
  return list;
}

/** Small tensors that ops take as inputs again and again (shapes, axes, permutations, counts), for as long as the
 * process lives. */
const constants = new Map<string, number>();

function constant(key: string, make: () => number): number {
  let id = constants.get(key);
  if (id === undefined) {
    id = make();
    constants.set(key, id);
  }
  return id;
}

/**
 * A chain of ops between tensors of tfjs: what lies between has no bookkeeping of tfjs's, which costs more than a small
 * op itself. Tensors are ids here; all that the chain makes are freed at its end, but those that become tensors.
 */
export class Chain {
  readonly #backend = backend();
  readonly #made = new Set<number>();

  /** `work` with a chain of its own; gives what that gives. */
  static run<Result>(work: (chain: Chain) => Result): Result {
    const chain = new Chain();
    try {
      return work(chain);
    } finally {
      for (const id of chain.#made) chain.#backend.binding.deleteTensor(id);
    }
  }

  /** A tensor of tfjs as an input. */
  of(tensor: tf.TensorInfo): number {
    return this.#backend.getInputTensorIds([tensor])[0]!;
  }

  /** Whole numbers that come again. */
  vector(values: readonly number[]): number {
    const { binding } = this.#backend;
    return constant(values.join(), () =>
      binding.createTensor([values.length], binding.TF_INT32!, Int32Array.from(values)),
    );
  }

  /** A number that comes again, or no numbers at all. */
  constant(value: number | null): number {
    const { binding } = this.#backend;
    return constant(`float ${value}`, () => {
      const [shape, values] = value === null ? [[0], new Float32Array(0)] : [[], Float32Array.of(value)];
      return binding.createTensor(shape, binding.TF_FLOAT!, values);
    });
  }

  /** A number, or a vector of them. */
  floats(values: number | readonly number[]): number {
    const { binding } = this.#backend;
    const list = typeof values === 'number' ? [values] : values;
    const shape = typeof values === 'number' ? [] : [list.length];
    const id = binding.createTensor(shape, binding.TF_FLOAT!, Float32Array.from(list));
    this.#made.add(id);
    return id;
  }

  /** All outputs of an op. */
  outputs(op: string, inputs: readonly number[], attributes: Attributes, count: number): Output[] {
    const made = this.#backend.binding.executeOp(op, describe(attributes), inputs, count);
    for (const { id } of made) this.#made.add(id);
    return made;
  }

  /** The first output of an op that has one, or none. */
  op(op: string, inputs: readonly number[], attributes: Attributes): Output {
    return this.outputs(op, inputs, attributes, 1)[0]!;
  }

  /** An op that gives nothing back. */
  effect(op: string, inputs: readonly number[], attributes: Attributes): void {
    this.outputs(op, inputs, attributes, 0);
  }

  reshape(x: number, shape: readonly number[], attributes: Attributes = RESHAPE): Output {
    return this.op('Reshape', [x, this.vector(shape)], attributes);
  }

  /** Vectors joined to one. */
  concat(parts: readonly number[]): Output {
    const { binding } = this.#backend;
    const axis = binding.createTensor([], binding.TF_INT32!, Int32Array.of(0));
    this.#made.add(axis);
    return this.op('ConcatV2', [...parts, axis], { T: FLOAT32, Tidx: INT32, N: { int: parts.length } });
  }

  /** Takes an output out of the chain, as a tensor of the present scope. */
  tensor<Result extends tf.Tensor = tf.Tensor>(output: Output): Result {
    return toTensor(this.release(output));
  }

  /** Takes an output out of the chain; whoever does makes a tensor of it. */
  release(output: Output): Output {
    this.#made.delete(output.id);
    return output;
  }
}

export function toTensor<Result extends tf.Tensor = tf.Tensor>(output: Output): Result {
  return backend().createOutputTensor(output) as Result;
}

const RESHAPE: Attributes = { T: FLOAT32, Tshape: INT32 };

/** A single op from tensors to tensors. */
export function execute(
  op: string,
  inputs: tf.TensorInfo[],
  attributes: Attributes,
  outputs = 1,
): tf.Tensor[] {
  return Chain.run((chain) =>
    chain
      .outputs(
        op,
        inputs.map((input) => chain.of(input)),
        attributes,
        outputs,
      )
      .map((output) => chain.tensor(output)),
  );
}
