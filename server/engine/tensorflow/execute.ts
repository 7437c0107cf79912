/** Runs TensorFlow's own ops through tfjs-node's backend. */
import * as tf from '@tensorflow/tfjs-core';

interface OpAttribute {
  name: string;
  /** One of the binding's TF_ATTR_ constants. */
  type: number;
  value: unknown;
}

/** The part of tfjs-node's backend that is used here. */
export interface TensorflowBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Readonly<Record<string, number>>;
  executeMultipleOutputs(
    name: string,
    attributes: OpAttribute[],
    inputs: tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

/** Attributes by name; a number stands for a float, a list of numbers for whole ones. */
export type Attributes = Readonly<Record<string, number | boolean | string | readonly number[]>>;

function attribute(binding: TensorflowBackend['binding'], name: string, value: unknown): OpAttribute {
  const kind =
    typeof value === 'number'
      ? 'FLOAT'
      : typeof value === 'boolean'
        ? 'BOOL'
        : typeof value === 'string'
          ? 'STRING'
          : 'INT';
  return { name, type: binding[`TF_ATTR_${kind}`]!, value };
}

/** Runs `op` on float32 tensors. `types` names its type attributes, T as a rule. */
export function execute(
  op: string,
  inputs: tf.TensorInfo[],
  attributes: Attributes,
  outputs = 1,
  types: readonly string[] = ['T'],
): tf.Tensor[] {
  const backend = tf.backend() as TensorflowBackend;
  const { binding } = backend;
  const list = [
    ...types.map((name) => ({ name, type: binding.TF_ATTR_TYPE!, value: binding.TF_FLOAT! })),
    ...Object.entries(attributes).map(([name, value]) => attribute(binding, name, value)),
  ];
  return backend.executeMultipleOutputs(op, list, inputs, outputs);
}
