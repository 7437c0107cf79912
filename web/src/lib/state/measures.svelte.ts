import type { SnapshotMeasures } from '../../../../shared/protocol.ts';
import { positionOf, withItem } from '../timeline.ts';
import { type ApiError, readMeasures } from './api.ts';
import type { Feed } from './feed.svelte.ts';
import { Fresh } from './fresh.ts';

type Reader = (run: string) => Promise<SnapshotMeasures[]>;

/** What was measured of one run's snapshots, in order of time, kept fresh by the feed. */
export class Measures {
  list = $state.raw<readonly SnapshotMeasures[]>([]);
  /** True until the first answer. */
  loading = $state(true);
  error = $state.raw<ApiError | null>(null);
  readonly #run: string;
  readonly #feed: Pick<Feed, 'on'>;
  readonly #read: Reader;
  readonly #fresh = new Fresh();

  constructor(run: string, feed: Pick<Feed, 'on'>, read: Reader = readMeasures) {
    this.#run = run;
    this.#feed = feed;
    this.#read = read;
  }

  /** Reads all, and listens until the returned function is called. Somebody else follows the run. */
  open(): () => void {
    const leave = [
      this.#feed.on('followed', (run) => {
        if (run === this.#run) void this.read();
      }),
      this.#feed.on('measures', (run, measures) => {
        if (run === this.#run) this.#fresh.event(() => this.#take(measures));
      }),
    ];
    void this.read();
    return () => leave.forEach((stop) => stop());
  }

  async read(): Promise<void> {
    try {
      await this.#fresh.read(
        () => this.#read(this.#run),
        (all) => {
          this.list = all;
          this.error = null;
        },
      );
    } catch (error) {
      this.error = error as ApiError;
    }
    this.loading = false;
  }

  #take(measures: SnapshotMeasures): void {
    this.list = withItem(
      this.list,
      measures,
      (m) => m.snapshot,
      ({ snapshot, epoch }) => positionOf({ id: snapshot, epoch }),
    );
  }
}
