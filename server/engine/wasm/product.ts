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
/** Rows of a transposed product that are summed before the sums go to memory: fewer where they are not packed. */
const [PLAIN_TILE, PACKED_TILE] = [64, 128];
/** Columns from which on packing is worth its while; see outer.wat. */
const WIDE = 128;

/** x [p, k] and w [k, n] (transposed: [n, k]); transposed 1 or 0 → x·w [p, n], p ≥ 4, n ≥ 8. */
const kernel = heapKernel('Product', (heap, [x, w], [transposed]) => {
  const [p, k] = x!.shape as [number, number];
  const n = w!.shape[transposed ? 0 : 1]!;
  const output = heap.allocate([p, n]);
  const count = Math.ceil(n / PANEL);
  const panels = heap.scratch(count * PANEL * k);
  const [xAt, wAt, to, y] = [x!, w!, panels, output].map((info) => heap.pointer(info));
  const few = Math.max(1, Math.floor(CACHED / (k * PANEL)));
  heap.run(transposed ? 'packTransposed' : 'pack', count, few, wAt!, to!, k, n);
  const strips = Math.min(GRAIN / (STRIP * k * n), CACHED / (STRIP * k));
  heap.run('product', Math.ceil(p / STRIP), Math.max(4, Math.ceil(strips)), xAt!, to!, y!, p, k, n);
  return [output];
});

/** x [P,I] and w [I,O] → x·w [P,O]. */
export function product(x: tf.Tensor2D, w: tf.Tensor2D): tf.Tensor2D {
  const served = x.shape[0] >= STRIP && w.shape[1] >= PANEL;
  return served ? (kernel([x, w], 0)[0] as tf.Tensor2D) : tf.matMul(x, w);
}

/** dy [P,O] and w [I,O] → dy·wᵀ [P,I]. */
export function productByTransposed(dy: tf.Tensor2D, w: tf.Tensor2D): tf.Tensor2D {
  const served = dy.shape[0] >= STRIP && w.shape[0] >= PANEL;
  return served ? (kernel([dy, w], 1)[0] as tf.Tensor2D) : tf.matMul(dy, tf.transpose(w));
}

const outer = heapKernel('Outer', (heap, [x, dy]) => {
  const [p, i] = x!.shape as [number, number];
  const o = dy!.shape[1]!;
  const output = heap.allocate([i, o]);
  const packed = Math.max(i, o) >= WIDE;
  const tile = packed ? PACKED_TILE : PLAIN_TILE;
  // Rows are cut as long as the parts are worth their sums; the columns of x then, until there are enough parts.
  const rows = tile * Math.ceil(Math.max(p / PARTS, 4 * tile, GRAIN / (i * o)) / tile);
  const parts = Math.ceil(p / rows);
  const blocks = Math.min(Math.ceil(PARTS / parts), Math.ceil((i * o * Math.min(p, rows)) / GRAIN));
  const block = STRIP * Math.ceil(i / STRIP / blocks);
  const units = parts * Math.ceil(i / block);
  const sums = heap.sums(output, parts);
  const scratch = heap.scratch(packed ? units * tile * (o + STRIP) : 4);
  const pointers = [x!, dy!, sums.each, scratch].map((info) => heap.pointer(info));
  heap.run('outer', units, 1, ...pointers, p, i, o, rows, block, tile, Number(packed));
  sums.add();
  return [output];
});

/** x [P,I] and dy [P,O] → xᵀ·dy [I,O]. */
export function transposedProduct(x: tf.Tensor2D, dy: tf.Tensor2D): tf.Tensor2D {
  return x.shape[1] % STRIP === 0 && dy.shape[1] % PANEL === 0
    ? (outer([x, dy])[0] as tf.Tensor2D)
    : tf.matMul(tf.transpose(x), dy);
}
