/** Sums of products of levels, from which weights are found: of inputs with each other (a Gram matrix) and with what
 * they shall foretell. The first input is always 1. Levels are integers, so that the sums are exact. */

/** y·xᵀ of x [k, n] and y [m, n], [m, k]; where `half`, y is x and the upper triangle may stay empty. */
export function products(x: Float64Array, k: number, y: Float64Array, m: number, half = false): Float64Array {
  const n = x.length / k;
  const all = new Float64Array(m * k);
  // Two by two: each number that is read serves two products, and no addition waits for the one before it.
  for (let i = 0; i < m; i += 2) {
    const next = Math.min(i + 1, m - 1);
    for (let j = 0; j < (half ? next + 1 : k); j += 2) {
      const after = Math.min(j + 1, k - 1);
      let [ij, ia, nj, na] = [0, 0, 0, 0];
      for (let at = 0, a = i * n, b = next * n, c = j * n, d = after * n; at < n; at++) {
        const first = y[a++]!;
        const second = y[b++]!;
        const left = x[c++]!;
        const right = x[d++]!;
        ij += first * left;
        ia += first * right;
        nj += second * left;
        na += second * right;
      }
      all[i * k + j] = ij;
      all[i * k + after] = ia;
      all[next * k + j] = nj;
      all[next * k + after] = na;
    }
  }
  return all;
}

/** Maps of one channel, [P, H, W]. */
export interface Maps {
  levels: Float64Array;
  probes: number;
  height: number;
  width: number;
}

/** Sums over rectangles of products of a map with itself, shifted. */
class ProductTable {
  readonly #maps: Maps;
  /** [H + 1, W + 1]: the sum of all products above and left of a place. */
  readonly #sums: Float64Array;

  constructor(maps: Maps) {
    this.#maps = maps;
    this.#sums = new Float64Array((maps.height + 1) * (maps.width + 1));
  }

  /** Takes in levels times `other` shifted by (dy, dx), over all probes. */
  fill(other: Float64Array, dy: number, dx: number): void {
    const { levels, probes, height, width } = this.#maps;
    const sums = this.#sums.fill(0);
    const right = Math.min(width, width - dx);
    for (let p = 0; p < probes; p++)
      for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
        const row = (p * height + y) * width;
        const shifted = row + dy * width + dx;
        const to = (y + 1) * (width + 1) + 1;
        for (let x = Math.max(0, -dx); x < right; x++)
          sums[to + x]! += levels[row + x]! * other[shifted + x]!;
      }
    for (let y = 1; y <= height; y++)
      for (let x = 1, at = y * (width + 1) + 1; x <= width; x++, at++)
        sums[at]! += sums[at - 1]! + sums[at - width - 1]! - sums[at - width - 2]!;
  }

  /** Sum over the places that the copy shifted by (dy, dx) shows. */
  shown(dy: number, dx: number): number {
    const { height, width } = this.#maps;
    const top = Math.max(0, dy);
    const bottom = Math.min(height, height + dy);
    const left = Math.max(0, dx);
    const right = Math.min(width, width + dx);
    if (bottom <= top || right <= left) return 0;
    const sums = this.#sums;
    const above = top * (width + 1);
    const below = bottom * (width + 1);
    return sums[below + right]! - sums[above + right]! - sums[below + left]! + sums[above + left]!;
  }
}

/** Gram matrix [1 + K, 1 + K] (lower triangle) of a map's K = (2n + 1)² shifted copies, 0 outside the map. What two of
 * them share is a sum over a rectangle of a product that only the distance between the two tells: one table of sums a
 * distance gives all of them. */
export function gramOfShifts(maps: Maps, reach: number): Float64Array {
  const side = 2 * reach + 1;
  const n = 1 + side * side;
  const gram = new Float64Array(n * n);
  const { levels, probes, height, width } = maps;
  const table = new ProductTable(maps);
  gram[0] = probes * height * width;
  table.fill(new Float64Array(levels.length).fill(1), 0, 0);
  for (let k = 0; k < side * side; k++)
    gram[(1 + k) * n] = table.shown(Math.floor(k / side) - reach, (k % side) - reach);
  // Every later copy is an earlier one shifted on by (ey, ex) in reading order.
  for (let ey = 0; ey <= 2 * reach; ey++)
    for (let ex = ey === 0 ? 0 : -2 * reach; ex <= 2 * reach; ex++) {
      table.fill(levels, ey, ex);
      for (let dy = -reach; dy + ey <= reach; dy++)
        for (let dx = Math.max(-reach, -reach - ex); dx <= reach && dx + ex <= reach; dx++) {
          const earlier = 1 + (dy + reach) * side + dx + reach;
          gram[(earlier + ey * side + ex) * n + earlier] = table.shown(dy, dx);
        }
    }
  return gram;
}

/** Sums [1 + K] of a target's levels times those of a map's shifted copies. */
export function momentsOfShifts(
  { levels, probes, height, width }: Maps,
  reach: number,
  target: Float64Array,
): Float64Array {
  const side = 2 * reach + 1;
  const sums = new Float64Array(1 + side * side);
  for (const level of target) sums[0]! += level;
  for (let k = 0; k < side * side; k++) {
    const dy = Math.floor(k / side) - reach;
    const dx = (k % side) - reach;
    let sum = 0;
    for (let p = 0; p < probes; p++)
      for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
        const row = (p * height + y) * width;
        const shifted = row + dy * width + dx;
        for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++)
          sum += target[row + x]! * levels[shifted + x]!;
      }
    sums[1 + k] = sum;
  }
  return sums;
}
