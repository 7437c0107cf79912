/** Matrix products on the wasm heap. */
import * as tf from '@tensorflow/tfjs-core';
import { heapKernel } from './heap.ts';

/** Multiplications of one part, about. */
const GRAIN = 1_000_000;
/** Rows of one strip, columns of one panel. */
const [STRIP, PANEL] = [4, 8];
/** Rows of a part stay in the cache, while the panels go by: their values at most. */
const CACHED = 65_536;
/** Most parts of the rows in a transposed product: each has sums of its own, which are added in order. */
const PARTS = 16;
/** As many units of work are enough. */
const UNITS = 8;
/** Rows of a transposed product that are summed before the sums go to memory: fewer where they are not packed. */
const [PLAIN_TILE, PACKED_TILE] = [64, 128];
/** Rows up to which the right factor is not packed. */
const FEW = 16;
/** Columns from which on packing is worth its while; see outer.wat. */
const WIDE = 128;

const last = ({ shape }: { shape: readonly number[] }): number => shape.at(-1)!;

/** x [..., k] and w [..., n] with k·n values (transposed: [..., k] with n·k); transposed 1 or 0 → x·w [..., n]. */
const kernel = heapKernel('Product', (heap, [x, w], [transposed]) => {
  const k = last(x!);
  const n = heap.length(w!) / k;
  const p = heap.length(x!) / k;
  const output = heap.allocate([...x!.shape.slice(0, -1), n]);
  const count = Math.ceil(n / PANEL);
  if (p <= FEW && !transposed) {
    const pointers = [x!, w!, output].map((info) => heap.pointer(info));
    heap.run('productOfFew', count, Math.ceil(GRAIN / (PANEL * k * p)), ...pointers, p, k, n);
    return [output];
  }
  const panels = heap.scratch(count * PANEL * k);
  const [xAt, wAt, to, y] = [x!, w!, panels, output].map((info) => heap.pointer(info));
  const few = Math.max(1, Math.floor(CACHED / (k * PANEL)));
  heap.run(transposed ? 'packTransposed' : 'pack', count, few, wAt!, to!, k, n);
  const strips = Math.min(GRAIN / (STRIP * k * n), CACHED / (STRIP * k));
  heap.run('product', Math.ceil(p / STRIP), Math.max(4, Math.ceil(strips)), xAt!, to!, y!, p, k, n);
  return [output];
});

const matrix = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [-1, last(x)]);
const rowsOf = (x: tf.Tensor): number => x.size / last(x);

/** x [N,H,W,I] and w [k,k,·,O] with I·O values → x·w [N,H,W,O]. */
export function product(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  if (last(w) >= PANEL) return kernel([x, w], 0)[0] as tf.Tensor4D;
  const [n, height, width] = x.shape;
  return tf.reshape(tf.matMul(matrix(x), matrix(w)), [n, height, width, last(w)]);
}

/** dy [N,H,W,O] and w [1,1,I,O] → dy·wᵀ [N,H,W,I]. */
export function productByTransposed(dy: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  const inputs = w.shape[2];
  if (rowsOf(dy) >= STRIP && inputs >= PANEL) return kernel([dy, w], 1)[0] as tf.Tensor4D;
  const [n, height, width] = dy.shape;
  return tf.reshape(tf.matMul(matrix(dy), tf.transpose(matrix(w))), [n, height, width, inputs]);
}

/** x [..., i], dy [..., o]; a shape of i·o values → xᵀ·dy in that shape, i a multiple of 4 and o of 8. */
const outer = heapKernel('Outer', (heap, [x, dy], shape) => {
  const [i, o] = [last(x!), last(dy!)];
  const p = heap.length(x!) / i;
  const output = heap.allocate(shape);
  const packed = Math.max(i, o) >= WIDE;
  const tile = packed ? PACKED_TILE : PLAIN_TILE;
  // Rows are cut as long as the parts are worth their sums; the columns of x then, until there are enough units: each
  // packs all of dy's columns anew.
  const rows = tile * Math.ceil(Math.max(p / PARTS, GRAIN / (i * o)) / tile);
  const parts = Math.ceil(p / rows);
  const blocks = Math.min(Math.ceil(UNITS / parts), Math.ceil((i * o * Math.min(p, rows)) / GRAIN));
  const block = STRIP * Math.ceil(i / STRIP / blocks);
  const units = parts * Math.ceil(i / block);
  const sums = heap.sums(output, parts);
  const scratch = heap.scratch(packed ? units * tile * (o + STRIP) : 4);
  const pointers = [x!, dy!, sums.each, scratch].map((info) => heap.pointer(info));
  heap.run('outer', units, 1, ...pointers, p, i, o, rows, block, tile, Number(packed));
  sums.add();
  return [output];
});

/** The gradient of w [k,k,·,O] in product(x, w): xᵀ·dy. */
export function transposedProduct(x: tf.Tensor4D, dy: tf.Tensor4D, shape: tf.Tensor4D['shape']): tf.Tensor4D {
  return last(x) % STRIP === 0 && last(dy) % PANEL === 0
    ? (outer([x, dy], ...shape)[0] as tf.Tensor4D)
    : tf.reshape(tf.matMul(tf.transpose(matrix(x)), matrix(dy)), shape);
}
