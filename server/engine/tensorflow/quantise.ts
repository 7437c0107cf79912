/** One recorded activation, measured and quantised with few kernels: on a GPU. A CPU's values are read in place. */
import type * as tf from '@tensorflow/tfjs-core';
import { SMALLEST_RANGE } from '../../nn/portable/quantise.ts';
import { FLOATS, INT32, type Attributes } from './attributes.ts';
import { Chain } from './execute.ts';

const REDUCTION: Attributes = { ...FLOATS, Tidx: INT32, keep_dims: false };
const TRANSPOSE: Attributes = { ...FLOATS, Tperm: INT32 };

/** x [P,H,W,C]; see Ops.quantise. */
export function quantise(x: tf.Tensor4D): tf.Tensor1D {
  const [probes, height, width, channels] = x.shape;
  return Chain.run((chain) => {
    const id = chain.of(x);
    const outer = chain.vector([0, 1, 2]);
    const [minimum, maximum, sum] = ['Min', 'Max', 'Sum'].map(
      (op) => chain.op(op, [id, outer], REDUCTION, [channels]).id,
    ) as [number, number, number];
    const each = (op: string, ...inputs: number[]): number => chain.op(op, inputs, FLOATS, [channels]).id;
    const all = (op: string, ...inputs: number[]): number => chain.op(op, inputs, FLOATS, x.shape).id;
    const range = each('Maximum', each('Sub', maximum, minimum), chain.constant(SMALLEST_RANGE));
    const scale = each('RealDiv', chain.constant(255), range);
    const levels = all('Round', all('Mul', all('Sub', id, minimum), scale));
    const rows = chain.reshape(levels, [probes, height * width, channels]);
    const planes = chain.op('Transpose', [rows.id, chain.vector([0, 2, 1])], TRANSPOSE, [
      probes,
      channels,
      height * width,
    ]);
    const flat = chain.reshape(planes.id, [x.size]);
    return chain.tensor(chain.concat([minimum, maximum, sum, flat.id], 3 * channels + x.size));
  });
}
