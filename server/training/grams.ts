/** How alike a block's features make the images to one another: Gram matrices [N, N], and what is made of them. */
import * as tf from '@tensorflow/tfjs-core';
import { effectiveRank } from '../../shared/measures.ts';
import { symmetricEigenvalues } from './eigenvalues.ts';

/** Gram matrix [N, N], row-major, of features given in parts [n, D]: the products of every pair of images, the mean
 * image taken away. The parts are disposed of. */
export async function centredGram(parts: readonly tf.Tensor2D[]): Promise<Float64Array> {
  const starts = [0];
  for (const part of parts) starts.push(starts.at(-1)! + part.shape[0]);
  const count = starts.at(-1)!;
  const products = tf.tidy(() => {
    // A mean as a product: wasm sums along the first axis slowly.
    const sums = parts.map((part) => tf.matMul(tf.fill([1, part.shape[0]], 1 / count), part));
    const mean = tf.addN(sums);
    const centred = parts.map((part) => tf.sub(part, mean));
    const across = centred.map((part) => tf.transpose(part));
    // The matrix is symmetric: only products with the same part and later ones are needed.
    return centred.map((part, i) => across.slice(i).map((other) => tf.matMul(part, other)));
  });
  tf.dispose([...parts]);
  const gram = new Float64Array(count * count);
  try {
    for (const [i, row] of products.entries())
      for (const [k, product] of row.entries()) {
        const values = await product.data();
        const [rows, columns] = product.shape as [number, number];
        for (let r = 0; r < rows; r++)
          for (let c = 0; c < columns; c++) {
            const [y, x] = [starts[i]! + r, starts[i + k]! + c];
            gram[y * count + x] = gram[x * count + y] = values[r * columns + c]!;
          }
      }
  } finally {
    tf.dispose(products);
  }
  return gram;
}

/** Eigenvalues below this part of the largest are rounding of float32 products. */
const ROUNDING = 1e-6;

/** Effective rank of the centred features behind a Gram matrix; its eigenvalues are the squares of their singular
 * values. */
export function rankOfGram(gram: Float64Array, count: number): number {
  const eigenvalues = symmetricEigenvalues(gram, count);
  const largest = eigenvalues.at(-1)!;
  return effectiveRank(eigenvalues.filter((v) => v > ROUNDING * largest).map(Math.sqrt));
}

/** The U-centred Gram matrix (Székely and Rizzo 2014) as a vector of unit length: its upper triangle without the
 * diagonal, row by row, [N·(N - 1) / 2]. The debiased linear CKA of two such vectors is their scalar product,
 * because the unbiased HSIC of K and L is ⟨K̃, L̃⟩ / (N·(N - 3)) (Song et al. 2012). All NaN where there are fewer
 * than 4 images or where the features don't tell them apart. */
export function similarityVector(gram: Float64Array, count: number): Float32Array {
  const vector = new Float32Array((count * (count - 1)) / 2);
  if (count < 4) return vector.fill(NaN);
  const rows = new Float64Array(count);
  let total = 0;
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++) if (j !== i) rows[i]! += gram[i * count + j]!;
  for (const row of rows) total += row;
  const shift = total / ((count - 1) * (count - 2));
  const centred = new Float64Array(vector.length);
  let squares = 0;
  let before = 0;
  for (let i = 0, at = 0; i < count; i++)
    for (let j = i + 1; j < count; j++, at++) {
      const value = gram[i * count + j]!;
      const v = value - (rows[i]! + rows[j]!) / (count - 2) + shift;
      centred[at] = v;
      squares += v * v;
      before += value * value;
    }
  if (!(squares > 1e-12 * before)) return vector.fill(NaN);
  const length = Math.sqrt(squares);
  for (let at = 0; at < vector.length; at++) vector[at] = centred[at]! / length;
  return vector;
}
