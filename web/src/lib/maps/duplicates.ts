/** Channels that show the same: for each the one most alike. */

/** Rows multiplied with each other at once, so that a value is read once for several products. */
const DOWN = 2;
const ACROSS = 4;

/** For each of C maps [C, H·W] the greatest cosine with another one and which that is; NaN and -1 where there is none:
 * a map that is zero everywhere points nowhere. Time grows with C²·H·W. */
export function nearestDuplicates(
  maps: Float32Array,
  channels: number,
): { values: Float64Array; twins: Int32Array } {
  const plane = maps.length / channels;
  // Rows of zeros fill the last tile.
  const rows = Math.ceil(channels / ACROSS) * ACROSS;
  const units = unitRows(maps, channels, plane, rows);
  const values = new Float64Array(channels).fill(Number.NaN);
  const twins = new Int32Array(channels).fill(-1);
  const meet = (a: number, b: number, cosine: number): void => {
    if (!(cosine <= values[a]!)) [values[a], twins[a]] = [cosine, b];
    if (!(cosine <= values[b]!)) [values[b], twins[b]] = [cosine, a];
  };
  const tile = new Float64Array(DOWN * ACROSS);
  const empty = emptyRows(units, channels, plane);
  for (let i = 0; i < channels; i += DOWN)
    for (let j = i - (i % ACROSS); j < channels; j += ACROSS) {
      multiply(units, plane, i * plane, j * plane, tile);
      for (let at = 0; at < tile.length; at++) {
        const [a, b] = [i + Math.floor(at / ACROSS), j + (at % ACROSS)];
        if (a < b && b < channels && !empty[a] && !empty[b]) meet(a, b, tile[at]!);
      }
    }
  return { values, twins };
}

/** Products of the two rows that begin at `first` with the four that begin at `other`. */
function multiply(units: Float64Array, plane: number, first: number, other: number, out: Float64Array): void {
  const [a1, b1, b2, b3] = [first + plane, other + plane, other + 2 * plane, other + 3 * plane];
  let [p, q, r, s] = [0, 0, 0, 0];
  let [t, u, v, w] = [0, 0, 0, 0];
  for (let k = 0; k < plane; k++) {
    const x = units[first + k]!;
    const y = units[a1 + k]!;
    const c = units[other + k]!;
    const d = units[b1 + k]!;
    const e = units[b2 + k]!;
    const f = units[b3 + k]!;
    p += x * c;
    q += x * d;
    r += x * e;
    s += x * f;
    t += y * c;
    u += y * d;
    v += y * e;
    w += y * f;
  }
  out[0] = p;
  out[1] = q;
  out[2] = r;
  out[3] = s;
  out[4] = t;
  out[5] = u;
  out[6] = v;
  out[7] = w;
}

/** Each row divided by its length, where it has one. */
function unitRows(maps: Float32Array, channels: number, plane: number, rows: number): Float64Array {
  const units = new Float64Array(rows * plane);
  for (let c = 0; c < channels; c++) {
    let squares = 0;
    for (let i = c * plane; i < (c + 1) * plane; i++) squares += maps[i]! ** 2;
    if (squares === 0) continue;
    const length = Math.sqrt(squares);
    for (let i = c * plane; i < (c + 1) * plane; i++) units[i] = maps[i]! / length;
  }
  return units;
}

const emptyRows = (units: Float64Array, channels: number, plane: number): boolean[] =>
  Array.from({ length: channels }, (_, c) =>
    units.subarray(c * plane, (c + 1) * plane).every((value) => value === 0),
  );
