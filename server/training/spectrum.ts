/**
 * The low-frequency part of maps' energy, on the device.
 *
 * An orthonormal real Fourier basis keeps energy (Parseval), so Σ (v - mean)² less the energy of the low frequencies is
 * that of the high ones, and only the few low ones need be computed. The four products of cosine and sine across and
 * down span the frequencies (±u, ±v), which are equally far from zero: the basis can be applied across, then down.
 */
import * as tf from '@tensorflow/tfjs-core';

/** Cycles a pixel: above it shared/measures.ts counts energy as high-frequency. */
const LOW = 0.25;

/** Orthonormal columns [n, 2·⌊n/4⌋ + 1] of the frequencies up to a quarter cycle a pixel, and each one's frequency. */
function axisBasis(n: number): { basis: Float32Array; frequencies: number[] } {
  const frequencies = [0];
  for (let u = 1; u / n <= LOW; u++) frequencies.push(u / n, u / n);
  const columns = frequencies.length;
  const basis = new Float32Array(n * columns);
  for (let x = 0; x < n; x++)
    for (let k = 0; k < columns; k++) {
      const u = Math.ceil(k / 2);
      // u·x is taken modulo n, as the angle of a large product would be inexact.
      const angle = (2 * Math.PI * ((u * x) % n)) / n;
      basis[x * columns + k] =
        k === 0 ? Math.sqrt(1 / n) : Math.sqrt(2 / n) * (k % 2 === 1 ? Math.cos(angle) : Math.sin(angle));
    }
  return { basis, frequencies };
}

/** Energy [M] of maps [M, H, W] at frequencies above 0 with √(fx² + fy²) ≤ 1/4 cycle a pixel. */
export function lowFrequencyEnergy(maps: tf.Tensor3D): tf.Tensor1D {
  const [count, height, width] = maps.shape;
  const across = axisBasis(width);
  const down = axisBasis(height);
  const [columns, rows] = [across.frequencies.length, down.frequencies.length];
  if (columns * rows === 1) return tf.zeros([count]);
  return tf.tidy(() => {
    const product = (x: tf.Tensor, basis: Float32Array, shape: [number, number]): tf.Tensor =>
      tf.matMul(tf.reshape(x, [-1, shape[0]]), tf.tensor2d(basis, shape));
    const byColumn = product(maps, across.basis, [width, columns]);
    const turned = tf.transpose(tf.reshape(byColumn, [count, height, columns]), [0, 2, 1]);
    const coefficients = product(turned, down.basis, [height, rows]);
    const wanted = Float32Array.from({ length: columns * rows }, (_, i) => {
      const fx = across.frequencies[Math.floor(i / rows)]!;
      const fy = down.frequencies[i % rows]!;
      return fx + fy > 0 && Math.hypot(fx, fy) <= LOW ? 1 : 0;
    });
    const energies = tf.reshape(tf.square(coefficients), [count, columns * rows]);
    return tf.reshape(tf.matMul(energies, tf.tensor2d(wanted, [columns * rows, 1])), [count]);
  });
}
