/** Runs TensorFlow's own ops through tfjs-node's backend. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, FLOAT32, INT32, type Attributes, type Constants, type OpAttribute } from './attributes.ts';

/** A tensor of TensorFlow's as the addon hands it out. */
export interface Output {
  id: number;
  shape: number[];
  dtype: number;
}

export interface Binding extends Constants {
  executeOp(name: string, attributes: OpAttribute[], inputs: readonly number[], outputs: number): Output[];
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  /** See native/functions.h; only an addon built by `npm run native` has them. */
  defineFunction?(graph: Uint8Array, name: string, inputs: number, outputs: Int32Array): void;
  removeFunction?(name: string): void;
}

/** The part of tfjs-node's backend that is used here. */
export interface TensorflowBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean;
  binding: Binding;
  getInputTensorIds(tensors: tf.TensorInfo[]): number[];
  createOutputTensor(output: Output): tf.Tensor;
}

export function backend(): TensorflowBackend {
  return tf.backend() as TensorflowBackend;
}

/** Small tensors that ops take as inputs again and again (shapes, axes, permutations, counts), for as long as the
 * process lives. */
const constants = new Map<string, number>();
/** Their types, by id. */
const lasting = new Map<number, number>();

/** The type of such a tensor; undefined where an id is of another. */
export function lastingType(id: number): number | undefined {
  return lasting.get(id);
}

function constant(key: string, dtype: number, make: () => number): number {
  let id = constants.get(key);
  if (id === undefined) {
    id = make();
    constants.set(key, id);
    lasting.set(id, dtype);
  }
  return id;
}

/** The shape, as far as it is told, of an output that only the op's own gradient reads: it is the kernels' own affair. */
export const UNTOLD: readonly number[] = [0];

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

  /** Whole numbers that come again, as a vector or of another shape. */
  vector(values: readonly number[], shape: readonly number[] = [values.length]): number {
    const { binding } = this.#backend;
    return constant(`${shape.join()}: ${values.join()}`, binding.TF_INT32!, () =>
      binding.createTensor(shape, binding.TF_INT32!, Int32Array.from(values)),
    );
  }

  /** A whole number that comes again. */
  whole(value: number): number {
    return this.vector([value], []);
  }

  /** A number that comes again, or no numbers at all. */
  constant(value: number | null): number {
    const { binding } = this.#backend;
    return constant(`float ${value}`, binding.TF_FLOAT!, () => {
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

  /** All outputs of an op: so many, or those of the shapes given. Where the addon works ahead, ops whose shapes are
   * given are queued, and for all others everything before them is waited for. */
  outputs(
    op: string,
    inputs: readonly number[],
    attributes: Attributes,
    expected: number | readonly (readonly number[])[],
  ): Output[] {
    const { binding } = this.#backend;
    const { plain, ahead } = describe(binding, attributes);
    const made =
      typeof expected === 'number'
        ? binding.executeOp(op, plain, inputs, expected)
        : binding.executeOp(op, ahead, inputs, expected.length);
    for (let i = 0; i < made.length; i++) {
      const output = made[i]!;
      this.#made.add(output.id);
      if (typeof expected !== 'number') output.shape = [...expected[i]!];
    }
    return made;
  }

  /** The first output of an op that has one, or none; `shape` as in `outputs`. */
  op(op: string, inputs: readonly number[], attributes: Attributes, shape?: readonly number[]): Output {
    return this.outputs(op, inputs, attributes, shape ? [shape] : 1)[0]!;
  }

  /** An op that gives nothing back. */
  effect(op: string, inputs: readonly number[], attributes: Attributes): void {
    this.outputs(op, inputs, attributes, 0);
  }

  reshape(x: number, shape: readonly number[], attributes: Attributes = RESHAPE): Output {
    return this.op('Reshape', [x, this.vector(shape)], attributes, shape);
  }

  /** Vectors joined to one of `length` values. */
  concat(parts: readonly number[], length: number): Output {
    return this.op(
      'ConcatV2',
      [...parts, this.whole(0)],
      { T: FLOAT32, Tidx: INT32, N: { int: parts.length } },
      [length],
    );
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

/** A single op from tensors to tensors; `expected` as in `Chain.outputs`. */
export function execute(
  op: string,
  inputs: tf.TensorInfo[],
  attributes: Attributes,
  expected: number | readonly (readonly number[])[],
): tf.Tensor[] {
  return Chain.run((chain) =>
    chain
      .outputs(
        op,
        inputs.map((input) => chain.of(input)),
        attributes,
        expected,
      )
      .map((output) => chain.tensor(output)),
  );
}
