/**
 * tfjs's kernels that a training step and a live frame are made of, with the shapes of their outputs known beforehand:
 * tfjs-node's own wait for each op to tell its shape, and make, hand over and dispose of a tensor for every axis, size
 * and shape. Types that are not used here stay with tfjs-node's.
 */
import * as tf from '@tensorflow/tfjs-core';
import { INT32, type Attributes } from './attributes.ts';
import { Chain, type Output } from './execute.ts';

const { assertAndGetBroadcastShape, computeOutAndReduceShapes, computeOutShape, expandShapeToKeepDim } =
  tf.backend_util;
const { parseAxisParam } = tf.util;

type Known = 'float32' | 'int32' | 'bool';
type Attrs = Record<string, unknown>;
type Make = (chain: Chain, inputs: tf.TensorInfo[], attrs: Attrs) => Output | Output[];

/** Attributes of an op for each type of its input. */
type Typed = Readonly<Record<Known, Attributes>>;

function typed(make: (type: { dtype: Known }) => Attributes): Typed {
  return {
    float32: make({ dtype: 'float32' }),
    int32: make({ dtype: 'int32' }),
    bool: make({ dtype: 'bool' }),
  };
}

const of = (attributes: Typed, { dtype }: tf.TensorInfo): Attributes => attributes[dtype as Known];

const PLAIN = typed((T) => ({ T }));

const binary =
  (op: string): Make =>
  (chain, [a, b]) =>
    chain.op(op, [chain.of(a!), chain.of(b!)], of(PLAIN, a!), assertAndGetBroadcastShape(a!.shape, b!.shape));

const unary =
  (op: string): Make =>
  (chain, [x]) =>
    chain.op(op, [chain.of(x!)], of(PLAIN, x!), x!.shape);

const KEPT = typed((T) => ({ T, Tidx: INT32, keep_dims: true }));
const DROPPED = typed((T) => ({ T, Tidx: INT32, keep_dims: false }));

const reduction =
  (op: string): Make =>
  (chain, [x], { axis, reductionIndices, keepDims }) => {
    const axes = parseAxisParam((axis ?? reductionIndices) as number[], x!.shape);
    const [rest] = computeOutAndReduceShapes(x!.shape, axes);
    const shape = keepDims ? expandShapeToKeepDim(rest, axes) : rest;
    const attributes = of(keepDims ? KEPT : DROPPED, x!);
    return chain.op(op, [chain.of(x!), chain.vector(axes)], attributes, shape);
  };

const SEARCH = typed((T) => ({ T, Tidx: INT32, output_type: INT32 }));

const argMax: Make = (chain, [x], { axis }) => {
  const [along] = parseAxisParam(axis as number, x!.shape);
  const shape = x!.shape.filter((_, i) => i !== along);
  return chain.op('ArgMax', [chain.of(x!), chain.whole(along!)], of(SEARCH, x!), shape);
};

const CASTS: Readonly<Record<Known, Typed>> = {
  float32: typed((SrcT) => ({ SrcT, DstT: { dtype: 'float32' }, Truncate: false })),
  int32: typed((SrcT) => ({ SrcT, DstT: INT32, Truncate: false })),
  bool: typed((SrcT) => ({ SrcT, DstT: { dtype: 'bool' }, Truncate: false })),
};

const cast: Make = (chain, [x], { dtype }) =>
  chain.op('Cast', [chain.of(x!)], of(CASTS[dtype as Known], x!), x!.shape);

const JOINED = typed((T) => ({ T, Tidx: INT32 }));

const concat: Make = (chain, parts, { axis }) => {
  const [along] = parseAxisParam(axis as number, parts[0]!.shape);
  const shape = computeOutShape(
    parts.map((part) => part.shape),
    along!,
  );
  const inputs = [...parts.map((part) => chain.of(part)), chain.whole(along!)];
  return chain.op('ConcatV2', inputs, { ...of(JOINED, parts[0]!), N: { int: parts.length } }, shape);
};

const pack: Make = (chain, parts, { axis }) => {
  const [first] = parts;
  const [along] = parseAxisParam(axis as number, [...first!.shape, 1]);
  const inputs = parts.map((part) => chain.of(part));
  const attributes = { ...of(PLAIN, first!), N: { int: parts.length }, axis: { int: along! } };
  return chain.op('Pack', inputs, attributes, first!.shape.toSpliced(along!, 0, parts.length));
};

const SPLIT = typed((T) => ({ T, Tlen: INT32 }));

const splitV: Make = (chain, [x], { numOrSizeSplits, axis }) => {
  const [along] = parseAxisParam(axis as number, x!.shape);
  const sizes = tf.backend_util.prepareSplitSize(
    x as tf.Tensor,
    numOrSizeSplits as number | number[],
    along!,
  );
  const attributes = { ...of(SPLIT, x!), num_split: { int: sizes.length } };
  const inputs = [chain.of(x!), chain.vector(sizes), chain.whole(along!)];
  return chain.outputs(
    'SplitV',
    inputs,
    attributes,
    sizes.map((size) => x!.shape.with(along!, size)),
  );
};

const TILED = typed((T) => ({ T, Tmultiples: INT32 }));

const tile: Make = (chain, [x], { reps }) => {
  const multiples = reps as number[];
  const shape = x!.shape.map((size, i) => size * multiples[i]!);
  return chain.op('Tile', [chain.of(x!), chain.vector(multiples)], of(TILED, x!), shape);
};

const HOT = typed((T) => ({ T, TI: INT32, axis: { int: -1 } }));

const oneHot: Make = (chain, [indices], { depth, onValue, offValue, dtype }) => {
  const values = [onValue, offValue].map((value) =>
    dtype === 'float32' ? chain.constant(value as number) : chain.whole(value as number),
  );
  const inputs = [chain.of(indices!), chain.whole(depth as number), ...values];
  const attributes = HOT[dtype === 'float32' ? 'float32' : 'int32'];
  return chain.op('OneHot', inputs, attributes, [...indices!.shape, depth as number]);
};

/** By which of both matrices are transposed. */
const PRODUCTS = [0, 1, 2, 3].map((bits) =>
  typed((T) => ({ T, adj_x: (bits & 1) > 0, adj_y: (bits & 2) > 0 })),
);

const batchMatMul: Make = (chain, [a, b], { transposeA, transposeB }) => {
  const attributes = of(PRODUCTS[(transposeA ? 1 : 0) + (transposeB ? 2 : 0)]!, a!);
  const shape = [
    ...assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2)),
    a!.shape.at(transposeA ? -1 : -2)!,
    b!.shape.at(transposeB ? -2 : -1)!,
  ];
  return chain.op('BatchMatMulV2', [chain.of(a!), chain.of(b!)], attributes, shape);
};

const RESHAPED = typed((T) => ({ T, Tshape: INT32 }));

const reshape: Make = (chain, [x], { shape }) => {
  const whole = tf.util.inferFromImplicitShape(shape as number[], tf.util.sizeFromShape(x!.shape));
  return chain.reshape(chain.of(x!), whole, of(RESHAPED, x!));
};

const TRANSPOSED = typed((T) => ({ T, Tperm: INT32 }));

const transpose: Make = (chain, [x], { perm }) => {
  const axes = perm as number[];
  const shape = axes.map((axis) => x!.shape[axis]!);
  return chain.op('Transpose', [chain.of(x!), chain.vector(axes)], of(TRANSPOSED, x!), shape);
};

const SLICED = typed((T) => ({ T, Index: INT32 }));

const slice: Make = (chain, [x], { begin, size }) => {
  const [from, shape] = tf.slice_util.parseSliceParams(x as tf.Tensor, begin as number[], size as number[]);
  return chain.op('Slice', [chain.of(x!), chain.vector(from!), chain.vector(shape!)], of(SLICED, x!), shape);
};

const PADDED = typed((T) => ({ T, Tpaddings: INT32 }));

const padV2: Make = (chain, [x], { paddings, constantValue }) => {
  const margins = paddings as [number, number][];
  const around = chain.vector(margins.flat(), [margins.length, 2]);
  const shape = x!.shape.map((size, i) => size + margins[i]![0] + margins[i]![1]);
  const inputs = [chain.of(x!), around, chain.constant(constantValue as number)];
  return chain.op('PadV2', inputs, of(PADDED, x!), shape);
};

const FLOATS: readonly Known[] = ['float32'];
const NUMBERS: readonly Known[] = ['float32', 'int32'];
const ALL: readonly Known[] = ['float32', 'int32', 'bool'];

/** By tfjs's names: the types of inputs, which are all of one, that the kernel serves. */
const KERNELS: Readonly<Record<string, [types: readonly Known[], make: Make]>> = {
  Add: [NUMBERS, binary('AddV2')],
  Sub: [NUMBERS, binary('Sub')],
  Multiply: [NUMBERS, binary('Mul')],
  RealDiv: [FLOATS, binary('RealDiv')],
  Equal: [NUMBERS, binary('Equal')],
  Exp: [FLOATS, unary('Exp')],
  Log: [FLOATS, unary('Log')],
  Rsqrt: [FLOATS, unary('Rsqrt')],
  Sum: [NUMBERS, reduction('Sum')],
  Mean: [FLOATS, reduction('Mean')],
  Max: [NUMBERS, reduction('Max')],
  ArgMax: [NUMBERS, argMax],
  Cast: [ALL, cast],
  Concat: [ALL, concat],
  Pack: [ALL, pack],
  SplitV: [ALL, splitV],
  Tile: [ALL, tile],
  OneHot: [['int32'], oneHot],
  BatchMatMul: [FLOATS, batchMatMul],
  Reshape: [ALL, reshape],
  Transpose: [ALL, transpose],
  Slice: [ALL, slice],
  PadV2: [FLOATS, padV2],
};

const isOf = (types: readonly Known[], [first, ...others]: readonly tf.TensorInfo[]): boolean =>
  types.some((type) => type === first?.dtype) && others.every(({ dtype }) => dtype === first!.dtype);

/** Puts them in place of tfjs-node's. */
export function replaceKernels(): void {
  for (const [name, [types, make]] of Object.entries(KERNELS)) {
    const theirs = tf.getKernel(name, 'tensorflow');
    tf.unregisterKernel(name, 'tensorflow');
    tf.registerKernel({
      ...theirs,
      kernelFunc: (run) => {
        // In the order in which tfjs names them.
        const inputs = Object.values(run.inputs) as tf.TensorInfo[];
        const attrs = (run.attrs ?? {}) as Attrs;
        if (!isOf(types, inputs) || !ALL.some((type) => type === (attrs.dtype ?? type)))
          return theirs.kernelFunc(run);
        return Chain.run((chain) => {
          const made = make(chain, inputs, attrs);
          return Array.isArray(made) ? made.map((output) => chain.tensor(output)) : chain.tensor(made);
        });
      },
    });
  }
}
