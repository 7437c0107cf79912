/** All parameters of a network as one vector: an optimizer that works on it needs a handful of kernels a step and one
 * slice a variable, where updating each variable by itself needs a dozen kernels for each. */
import * as tf from '@tensorflow/tfjs-core';
import { ScopeError } from '../../shared/errors.ts';
import { ops } from '../nn/ops.ts';

/** A tensor outside the engine, row-major. */
export interface StoredTensor {
  shape: number[];
  data: Float32Array;
}

export class FlatParameters {
  readonly #variables: ReadonlyMap<string, tf.Variable>;
  /** Number of values of all parameters together. */
  readonly length: number;

  constructor(variables: ReadonlyMap<string, tf.Variable>) {
    this.#variables = new Map(variables);
    this.length = [...variables.values()].reduce((sum, { size }) => sum + size, 0);
  }

  get variables(): tf.Variable[] {
    return [...this.#variables.values()];
  }

  /** One number a parameter, repeated over its values: [length]. */
  spread(valueOf: (name: string, variable: tf.Variable) => number): tf.Tensor1D {
    const values = new Float32Array(this.length);
    let at = 0;
    for (const [name, variable] of this.#variables) {
      values.fill(valueOf(name, variable), at, at + variable.size);
      at += variable.size;
    }
    return tf.tensor1d(values);
  }

  /** The present values of all parameters, [length]. */
  gather(): tf.Tensor1D {
    return this.#concat((variable) => variable);
  }

  /** Gradients by variable name (as `tf.variableGrads` gives them) in the order of the parameters, [length]. */
  gatherGradients(gradients: tf.NamedTensorMap): tf.Tensor1D {
    return this.#concat((variable, name) => {
      const gradient = gradients[variable.name];
      if (!gradient)
        throw new ScopeError('INTERNAL', `the loss gives parameter ${name} no gradient`, { field: name });
      return gradient;
    });
  }

  #concat(part: (variable: tf.Variable, name: string) => tf.Tensor): tf.Tensor1D {
    return ops().joined([...this.#variables].map(([name, variable]) => part(variable, name)));
  }

  /** Writes a vector [length] into the parameters. */
  assign(flat: tf.Tensor1D): void {
    tf.tidy(() => {
      const variables = this.variables;
      const parts = ops().parted(
        flat,
        variables.map(({ shape }) => shape),
      );
      variables.forEach((variable, i) => variable.assign(parts[i]!));
    });
  }

  /** Reads a vector [length] as one stored tensor a parameter, in the network's own layout (HWIO). */
  async store(flat: tf.Tensor1D): Promise<Map<string, StoredTensor>> {
    const data = (await flat.data()) as Float32Array;
    const stored = new Map<string, StoredTensor>();
    let at = 0;
    for (const [name, variable] of this.#variables) {
      stored.set(name, { shape: [...variable.shape], data: data.slice(at, at + variable.size) });
      at += variable.size;
    }
    return stored;
  }

  /** The vector of stored tensors; throws INVALID_WEIGHTS naming what is missing, unknown or misshapen. */
  restore(stored: ReadonlyMap<string, StoredTensor>, prefix: string): tf.Tensor1D {
    const bad = (name: string, why: string): ScopeError =>
      new ScopeError('INVALID_WEIGHTS', `${prefix}${name} ${why}`, { field: `${prefix}${name}` });
    const values = new Float32Array(this.length);
    let at = 0;
    for (const [name, variable] of this.#variables) {
      const tensor = stored.get(name);
      if (!tensor) throw bad(name, 'is missing');
      if (tensor.shape.join() !== variable.shape.join() || tensor.data.length !== variable.size)
        throw bad(
          name,
          `has the shape [${tensor.shape.join(', ')}]; [${variable.shape.join(', ')}] is needed`,
        );
      values.set(tensor.data, at);
      at += variable.size;
    }
    for (const name of stored.keys())
      if (!this.#variables.has(name)) throw bad(name, 'belongs to no parameter');
    return tf.tensor1d(values);
  }
}
