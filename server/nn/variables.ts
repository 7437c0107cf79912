/** A network's variables: made, named as in the reference implementation, and laid out for the exchange. */
import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.ts';

/** How a variable is laid out here and in a weights file: `conv` HWIO ↔ OIHW, `depthwise` [k,k,C,1] ↔ [C,1,k,k],
 * `plain` the same in both. */
export type Layout = 'conv' | 'depthwise' | 'plain';

export interface NamedVariable {
  name: string;
  variable: tf.Variable;
  layout: Layout;
  /** `weight` is learned; `idle` too, but ahead of a batch normalisation, which takes any constant away again: its
   * gradient is zero. `statistic` is a running mean or variance. */
  role: 'weight' | 'idle' | 'statistic';
}

/** A named part of a unit: the name is put together by the units above. */
export function named(
  name: string,
  variable: tf.Variable,
  layout: Layout = 'plain',
  role: NamedVariable['role'] = 'weight',
): NamedVariable {
  return { name, variable, layout, role };
}

/** Variables of one unit below `prefix`. */
export function below(prefix: string, variables: readonly NamedVariable[]): NamedVariable[] {
  return variables.map((entry) => ({ ...entry, name: `${prefix}.${entry.name}` }));
}

/** Takes over a computed value: the variable owns it from then on. */
export function learned(value: tf.Tensor): tf.Variable {
  const variable = tf.variable(value);
  value.dispose();
  return variable;
}

export function zeros(shape: number[]): tf.Variable {
  return learned(tf.zeros(shape));
}

export function ones(shape: number[]): tf.Variable {
  return learned(tf.ones(shape));
}

/** Normal of standard deviation 0.02, as the reference starts its weights. Its truncation is at ±2, not at two
 * deviations, so it never cuts anything. Null gives zeros, for a network whose weights are about to be replaced. */
export function smallNormal(random: Random | null, shape: number[]): tf.Variable {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  if (random) for (let i = 0; i < values.length; i++) values[i] = 0.02 * random.normal();
  return learned(tf.tensor(values, shape, 'float32'));
}
