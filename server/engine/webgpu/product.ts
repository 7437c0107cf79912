/** Matrix products of tall matrices: tiles in workgroup memory, several values of the product in the registers of each
 * invocation. Nothing is transposed in memory. */
import type * as tf from '@tensorflow/tfjs-core';
import { addParts, BUSY_GROUPS } from './columns.ts';
import { Kernel, specialised, spread } from './kernel.ts';

/** Invocations of a workgroup along each side of its tile. */
const SIDE = 16;
/** Steps of the inner dimension that are in workgroup memory at a time. */
const DEPTH = 16;
/** Inner steps that are worth a workgroup. */
const LEAST_INNER = 256;

/** Where value (row, k) of the left and (k, column) of the right side stand in memory, and which of a side's two
 * dimensions has neighbours there. */
interface Form {
  name: string;
  left: string;
  leftNeighbours: 'row' | 'inner';
  right: string;
  rightNeighbours: 'column' | 'inner';
}

/** x·w, dy·wᵀ and xᵀ·dy of x [rows, I], w [I, O], dy [rows, O]. */
const FORMS = {
  plain: {
    name: 'product',
    left: 'row * p.inner + k',
    leftNeighbours: 'inner',
    right: 'k * p.columns + column',
    rightNeighbours: 'column',
  },
  byTransposed: {
    name: 'productByTransposed',
    left: 'row * p.inner + k',
    leftNeighbours: 'inner',
    right: 'column * p.inner + k',
    rightNeighbours: 'inner',
  },
  ofTransposed: {
    name: 'transposedProduct',
    left: 'k * p.rows + row',
    leftNeighbours: 'row',
    right: 'k * p.columns + column',
    rightNeighbours: 'column',
  },
} as const satisfies Record<string, Form>;

const PARAMS = {
  rows: 'u32',
  inner: 'u32',
  columns: 'u32',
  part: 'u32',
  across: 'u32',
  tiles: 'u32',
} as const;

/** Lines that bring one side's next tile [DEPTH, width] into `to`: neighbours in memory by neighbouring invocations. */
function load(
  to: string,
  from: string,
  width: number,
  outer: 'row' | 'column',
  form: { at: string; inner: boolean },
): string {
  const corner = outer === 'row' ? 'top' : 'left';
  const bound = outer === 'row' ? 'p.rows' : 'p.columns';
  const count = (DEPTH * width) / (SIDE * SIDE);
  const place = form.inner
    ? `let depth = slot % ${DEPTH}u; let across = slot / ${DEPTH}u;`
    : `let across = slot % ${width}u; let depth = slot / ${width}u;`;
  return `
    for (var j = 0u; j < ${count}u; j++) {
      let slot = j * ${SIDE * SIDE}u + index;
      ${place}
      let ${outer} = ${corner} + across;
      let k = start + depth;
      var v = 0.0;
      if (${outer} < ${bound} && k < end) { v = ${from}[${form.at}]; }
      ${to}[depth * ${width + 1}u + across] = v;
    }`;
}

function tiledKernel(form: Form, height: number, width: number): Kernel<keyof typeof PARAMS> {
  const [down, across] = [height / SIDE, width / SIDE];
  const each = (count: number, line: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');
  return new Kernel({
    name: `${form.name}/${height}×${width}`,
    inputs: ['a', 'b'],
    outputs: ['parts'],
    params: PARAMS,
    size: [SIDE, SIDE],
    declare: `
var<workgroup> tile_a: array<f32, ${DEPTH * (height + 1)}>;
var<workgroup> tile_b: array<f32, ${DEPTH * (width + 1)}>;`,
    body: `
  let tile = group.y * groups.x + group.x;
  let top = tile / p.across * ${height}u;
  let left = tile % p.across * ${width}u;
  let end = min(p.inner, (group.z + 1u) * p.part);
  ${each(down, (i) => each(across, (j) => `var s${i}_${j} = 0.0;`))}
  for (var start = group.z * p.part; start < end; start += ${DEPTH}u) {
    ${load('tile_a', 'a', height, 'row', { at: form.left, inner: form.leftNeighbours === 'inner' })}
    ${load('tile_b', 'b', width, 'column', { at: form.right, inner: form.rightNeighbours === 'inner' })}
    workgroupBarrier();
    for (var k = 0u; k < ${DEPTH}u; k++) {
      ${each(down, (i) => `let a${i} = tile_a[k * ${height + 1}u + local.y + ${i * SIDE}u];`)}
      ${each(across, (j) => `let b${j} = tile_b[k * ${width + 1}u + local.x + ${j * SIDE}u];`)}
      ${each(down, (i) => each(across, (j) => `s${i}_${j} += a${i} * b${j};`))}
    }
    workgroupBarrier();
  }
  let offset = group.z * p.rows * p.columns;
  ${each(down, (i) =>
    each(
      across,
      (j) => `{
    let row = top + local.y + ${i * SIDE}u;
    let column = left + local.x + ${j * SIDE}u;
    if (tile < p.tiles && row < p.rows && column < p.columns) { parts[offset + row * p.columns + column] = s${i}_${j}; }
  }`,
    ),
  )}`,
  });
}

const kernelOf = specialised((key: string) => {
  const [form, height, width] = key.split(' ') as [keyof typeof FORMS, string, string];
  return tiledKernel(FORMS[form], Number(height), Number(width));
});

/** The product [rows, columns] over `inner` steps, cut into parts where there are few tiles and many steps. */
function multiply(
  form: keyof typeof FORMS,
  a: tf.Tensor,
  b: tf.Tensor,
  [rows, inner, columns]: readonly [number, number, number],
  shape: readonly number[],
): tf.Tensor {
  const [height, width] = [rows, columns].map((side) => (side <= 32 ? 32 : 64)) as [number, number];
  const across = Math.ceil(columns / width);
  const tiles = Math.ceil(rows / height) * across;
  const parts = Math.max(1, Math.min(Math.ceil(BUSY_GROUPS / tiles), Math.floor(inner / LEAST_INNER)));
  const part = Math.ceil(inner / parts / DEPTH) * DEPTH;
  const count = Math.ceil(inner / part);
  const params = { rows, inner, columns, part, across, tiles };
  const kernel = kernelOf(`${form} ${height} ${width}`);
  const [x, y] = spread(tiles);
  const product = kernel.run([a, b], [count === 1 ? shape : [count, rows * columns]], params, [
    x,
    y,
    count,
  ])[0]!;
  return count === 1 ? product : addParts(product, shape);
}

const channelsOf = (x: tf.Tensor): number => x.shape.at(-1)!;

/** x [N,H,W,I] · w [1,1,I,O] (or the same values in another shape) → [N,H,W,O]. */
export function product(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  const [inputs, outputs] = [channelsOf(x), w.shape[3]];
  const shape = [...x.shape.slice(0, 3), outputs];
  return multiply('plain', x, w, [x.size / inputs, inputs, outputs], shape) as tf.Tensor4D;
}

/** dy [N,H,W,O] · wᵀ of w [1,1,I,O] → [N,H,W,I]. */
export function productByTransposed(dy: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  const outputs = channelsOf(dy);
  const inputs = w.size / outputs;
  const shape = [...dy.shape.slice(0, 3), inputs];
  return multiply('byTransposed', dy, w, [dy.size / outputs, outputs, inputs], shape) as tf.Tensor4D;
}

/** xᵀ · dy over all places of x [N,H,W,I] and dy [N,H,W,O] → I×O values in `shape`. */
export function transposedProduct(x: tf.Tensor4D, dy: tf.Tensor4D, shape: tf.Tensor4D['shape']): tf.Tensor4D {
  const [inputs, outputs] = [channelsOf(x), channelsOf(dy)];
  return multiply('ofTransposed', x, dy, [inputs, x.size / inputs, outputs], shape) as tf.Tensor4D;
}
