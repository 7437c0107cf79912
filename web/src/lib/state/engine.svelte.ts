import type { EngineReport, RungReport } from '../../../../shared/protocol.ts';
import { type ApiError, readEngine } from './api.ts';
import type { Feed } from './feed.svelte.ts';
import { Fresh } from './fresh.ts';

/** The ladder of engines as the server reports it. */
export class Engine {
  report = $state.raw<EngineReport | null>(null);
  error = $state.raw<ApiError | null>(null);
  readonly #fresh = new Fresh();

  constructor(feed: Pick<Feed, 'on'>) {
    feed.on('engine', (report) => this.#fresh.event(() => (this.report = report)));
    feed.on('connected', () => void this.read());
  }

  /** The rung that runs take by default. */
  get chosen(): RungReport | null {
    return this.report?.rungs.find((rung) => rung.id === this.report?.chosen) ?? null;
  }

  async read(): Promise<void> {
    try {
      await this.#fresh.read(readEngine, (report) => {
        this.report = report;
        this.error = null;
      });
    } catch (error) {
      this.error = error as ApiError;
    }
  }
}
