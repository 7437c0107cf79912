import type { RunSummary } from '../../../../shared/protocol.ts';
import { type ApiError, readRuns } from './api.ts';
import type { Feed } from './feed.svelte.ts';

/** The list of runs, newest first: read over REST, kept fresh by events. */
export class Runs {
  list = $state.raw<readonly RunSummary[]>([]);
  loaded = $state(false);
  error = $state.raw<ApiError | null>(null);

  constructor(feed: Feed) {
    feed.on('run', (id, summary) => this.put(id, summary));
    feed.on('healed', () => void this.read());
  }

  async read(): Promise<void> {
    try {
      this.list = await readRuns();
      this.error = null;
      this.loaded = true;
    } catch (error) {
      this.error = error as ApiError;
    }
  }

  /** Takes in what is now known of a run; null means that it was deleted. */
  put(id: string, summary: RunSummary | null): void {
    if (summary === null) this.list = this.list.filter((run) => run.id !== id);
    else if (this.list.some((run) => run.id === id))
      this.list = this.list.map((run) => (run.id === id ? summary : run));
    else this.list = [summary, ...this.list];
  }
}
