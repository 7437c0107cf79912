import type { RunSummary } from '../../../../shared/protocol.ts';
import { type ApiError, readRuns } from './api.ts';
import type { Feed } from './feed.svelte.ts';
import { Fresh } from './fresh.ts';

/** The list of runs, newest first: read over REST, kept fresh by events. */
export class Runs {
  list = $state.raw<readonly RunSummary[]>([]);
  loaded = $state(false);
  error = $state.raw<ApiError | null>(null);
  readonly #fresh = new Fresh();

  constructor(feed: Pick<Feed, 'on'>) {
    feed.on('run', (id, summary) => this.#fresh.event(() => this.#put(id, summary)));
    feed.on('connected', () => void this.read());
  }

  async read(): Promise<void> {
    try {
      await this.#fresh.read(readRuns, (list) => {
        this.list = list;
        this.error = null;
        this.loaded = true;
      });
    } catch (error) {
      this.error = error as ApiError;
    }
  }

  /** Takes in what a command answered; null means that the run was deleted. */
  put(id: string, summary: RunSummary | null): void {
    this.#fresh.event(() => this.#put(id, summary));
    // What the command led to may have been told before its answer came.
    if (summary) void this.read();
  }

  #put(id: string, summary: RunSummary | null): void {
    if (summary === null) this.list = this.list.filter((run) => run.id !== id);
    else if (this.list.some((run) => run.id === id))
      this.list = this.list.map((run) => (run.id === id ? summary : run));
    else this.list = [summary, ...this.list];
  }
}
