/** Debiased linear CKA between the snapshots of a run and between the blocks of a snapshot. Scalar products are kept, so
 * that a run that goes on costs one new row a snapshot, and long computations let other requests through. */
import { setImmediate } from 'node:timers/promises';
import { ScopeError } from '../../shared/errors.ts';
import type { SnapshotMeasures } from '../../shared/measurement.ts';
import { ByteCache } from './byteCache.ts';
import { NOTHING_MEASURED, type MeasuresFiles } from './measures.ts';

export interface Similarity {
  /** What is compared: ids of snapshots, or blocks. */
  names: string[];
  /** [names, names], row-major; NaN where it can't be told. */
  cka: Float32Array;
}

/** A block's similarities as far as they are known: row i holds those with snapshots 0 to i. */
interface Triangle {
  stamps: string[];
  rows: Float32Array[];
}

const TRIANGLE_BYTES = 32 * 2 ** 20;
const VECTOR_BYTES = 96 * 2 ** 20;
/** How long the event loop may be held, ms. */
const PATIENCE_MS = 8;
/** More snapshots than this are thinned out evenly: their matrix would be too large to send and to draw. */
export const MOST_SNAPSHOTS = 1000;

export class Similarities {
  readonly #triangles = new ByteCache<Triangle>(TRIANGLE_BYTES);
  readonly #vectors = new ByteCache<Float32Array>(VECTOR_BYTES);
  /** Of each block, so that two who ask at once don't compute the same rows. */
  readonly #pending = new Map<string, Promise<unknown>>();

  /** A block between all pairs of snapshots (of more than 1,000: that many, evenly spread, with the first and the
   * last). Throws NOT_FOUND naming the blocks there are. */
  async ofBlock(files: MeasuresFiles, block: string): Promise<Similarity> {
    const measured = thin(await files.list());
    const stamps = measured.map((measures) => stampOf(measures, block));
    const key = `${files.folder} ${block}`;
    const before = this.#pending.get(key) ?? Promise.resolve();
    const triangle = before.catch(() => undefined).then(() => this.#extend(files, block, key, stamps));
    this.#pending.set(key, triangle);
    const clear = (): void => {
      if (this.#pending.get(key) === triangle) this.#pending.delete(key);
    };
    const { rows } = await triangle.finally(clear);
    return { names: measured.map((m) => m.snapshot), cka: square(rows) };
  }

  /** The blocks of one snapshot. Throws NOT_FOUND naming the snapshots there are. */
  async ofSnapshot(files: MeasuresFiles, id: string): Promise<Similarity> {
    const { blocks } = await files.find(id);
    const vectors = await files.vectors(id);
    const names = blocks.map((b) => b.block);
    const rows = names.map((name, i) =>
      Float32Array.from(names.slice(0, i + 1), (other) => product(vectors.get(name), vectors.get(other))),
    );
    return { names, cka: square(rows) };
  }

  async #extend(
    files: MeasuresFiles,
    block: string,
    key: string,
    stamps: readonly string[],
  ): Promise<Triangle> {
    const known = this.#triangles.get(key);
    let same = 0;
    while (same < stamps.length && known?.stamps[same] === stamps[same]) same++;
    const rows = known?.rows.slice(0, same) ?? [];
    const vectors: (Float32Array | undefined)[] = [];
    let since = performance.now();
    const breathe = async (): Promise<void> => {
      if (performance.now() - since < PATIENCE_MS) return;
      await setImmediate();
      since = performance.now();
    };
    for (let i = 0; same < stamps.length && i < stamps.length; i++)
      vectors.push(await this.#vector(files, block, stamps[i]!));
    since = performance.now();
    for (let i = same; i < stamps.length; i++) {
      const row = new Float32Array(i + 1);
      for (let j = 0; j <= i; j++) {
        row[j] = product(vectors[i], vectors[j]);
        if (j % 64 === 63) await breathe();
      }
      rows.push(row);
      await breathe();
    }
    const triangle: Triangle = { stamps: [...stamps], rows };
    this.#triangles.set(key, triangle, 4 * rows.length * (rows.length + 1));
    return triangle;
  }

  /** Undefined where the snapshot's file is damaged or gone. */
  async #vector(files: MeasuresFiles, block: string, stamp: string): Promise<Float32Array | undefined> {
    const key = `${files.folder} ${block} ${stamp}`;
    const known = this.#vectors.get(key);
    if (known) return known;
    const all = await files.vectors(stamp.split(' ')[0]!).catch(() => null);
    const vector = all?.get(block);
    if (vector) this.#vectors.set(key, vector, vector.byteLength);
    return vector;
  }
}

/** Tells a snapshot from one that took its place when the run was resumed. */
function stampOf({ snapshot, blocks }: SnapshotMeasures, block: string): string {
  const found = blocks.find((b) => b.block === block);
  if (found) return `${snapshot} ${found.contrast} ${found.effectiveRank}`;
  throw new ScopeError(
    'NOT_FOUND',
    `there is no block '${block}'; there are ${blocks.map((b) => b.block).join(', ')}`,
    { field: 'block' },
  );
}

function thin(measured: SnapshotMeasures[]): SnapshotMeasures[] {
  if (measured.length === 0) throw new ScopeError('NOT_FOUND', NOTHING_MEASURED);
  if (measured.length <= MOST_SNAPSHOTS) return measured;
  const step = (measured.length - 1) / (MOST_SNAPSHOTS - 1);
  return Array.from({ length: MOST_SNAPSHOTS }, (_, i) => measured[Math.round(i * step)]!);
}

/** Scalar product; NaN where one is missing or of other images. */
function product(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (!a || !b || a.length !== b.length) return NaN;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  // Four sums: a single one would wait for each addition.
  for (let i = 0; i < whole; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (let i = whole; i < a.length; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + s2 + s3;
}

function square(rows: readonly Float32Array[]): Float32Array {
  const n = rows.length;
  const cka = new Float32Array(n * n);
  rows.forEach((row, i) =>
    row.forEach((value, j) => {
      cka[i * n + j] = cka[j * n + i] = value;
    }),
  );
  return cka;
}
