import { SvelteMap } from 'svelte/reactivity';
import { type ApiError, readLayerSimilarity, readSimilarity } from './api.ts';

/** Values [n, n] of `names`. */
type Matrix = { index: Record<string, number>; n: number; values: Float32Array };
interface Readers {
  drift: typeof readSimilarity;
  layers: typeof readLayerSimilarity;
}

const matrixOf = (names: readonly string[], values: Float32Array): Matrix => ({
  index: Object.fromEntries(names.map((name, i) => [name, i])),
  n: names.length,
  values,
});
function at(matrix: Matrix | undefined, a: string, b: string): number {
  const [i, j] = [matrix?.index[a], matrix?.index[b]];
  if (!matrix || i === undefined || j === undefined) return NaN;
  return matrix.values[i * matrix.n + j]!;
}

/** How alike the features of one run are: of each block between snapshots, of some snapshots between blocks. NaN as
 * long as it has not been read. */
export class Likenesses {
  error = $state.raw<ApiError | null>(null);
  readonly #run: string;
  readonly #readers: Readers;
  readonly #drift = new SvelteMap<string, Matrix>();
  readonly #layers = new SvelteMap<string, Matrix>();
  #asking: Promise<void> = Promise.resolve();

  constructor(run: string, readers: Readers = { drift: readSimilarity, layers: readLayerSimilarity }) {
    this.#run = run;
    this.#readers = readers;
  }

  drift(block: string, a: string, b: string): number {
    return at(this.#drift.get(block), a, b);
  }

  layers(snapshot: string, a: string, b: string): number {
    return at(this.#layers.get(snapshot), a, b);
  }

  /** Reads every block between the snapshots there are by now, and the layers of snapshots that were not read yet.
   * Requests that come meanwhile wait their turn. */
  ask(blocks: readonly string[], snapshots: readonly string[]): Promise<void> {
    this.#asking = this.#asking.then(() => this.#read(blocks, snapshots));
    return this.#asking;
  }

  async #read(blocks: readonly string[], snapshots: readonly string[]): Promise<void> {
    try {
      await Promise.all([
        ...blocks.map(async (block) => {
          const { snapshots: ids, values } = await this.#readers.drift(this.#run, block);
          this.#drift.set(block, matrixOf(ids, values));
        }),
        ...snapshots
          .filter((id) => !this.#layers.has(id))
          .map(async (id) => {
            const { blocks: names, values } = await this.#readers.layers(this.#run, id);
            this.#layers.set(id, matrixOf(names, values));
          }),
      ]);
      this.error = null;
    } catch (error) {
      this.error = error as ApiError;
    }
  }
}
