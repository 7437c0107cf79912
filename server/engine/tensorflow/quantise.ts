/** One recorded activation, measured and quantised with few kernels. */
import type * as tf from '@tensorflow/tfjs-core';
import { SMALLEST_RANGE } from '../../nn/portable/quantise.ts';
import { Chain, FLOAT32, INT32, type Attributes } from './execute.ts';

const FLOATS: Attributes = { T: FLOAT32 };
const REDUCTION: Attributes = { ...FLOATS, Tidx: INT32, keep_dims: false };
const TRANSPOSE: Attributes = { ...FLOATS, Tperm: INT32 };

/** x [P,H,W,C]; see Ops.quantise. */
export function quantise(x: tf.Tensor4D): tf.Tensor1D {
  const [probes, height, width, channels] = x.shape;
  return Chain.run((chain) => {
    const id = chain.of(x);
    const outer = chain.vector([0, 1, 2]);
    const [minimum, maximum, sum] = ['Min', 'Max', 'Sum'].map(
      (op) => chain.op(op, [id, outer], REDUCTION).id,
    ) as [number, number, number];
    const binary = (op: string, a: number, b: number): number => chain.op(op, [a, b], FLOATS).id;
    const range = binary('Maximum', binary('Sub', maximum, minimum), chain.constant(SMALLEST_RANGE));
    const scale = binary('RealDiv', chain.constant(255), range);
    const levels = chain.op('Round', [binary('Mul', binary('Sub', id, minimum), scale)], FLOATS);
    const rows = chain.reshape(levels.id, [probes, height * width, channels]);
    const planes = chain.op('Transpose', [rows.id, chain.vector([0, 2, 1])], TRANSPOSE);
    return chain.tensor(chain.concat([minimum, maximum, sum, chain.reshape(planes.id, [x.size]).id]));
  });
}
