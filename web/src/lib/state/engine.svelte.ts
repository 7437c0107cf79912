import type { EngineReport, RungReport } from '../../../../shared/protocol.ts';
import { type ApiError, readEngine } from './api.ts';
import type { Feed } from './feed.svelte.ts';

/** The ladder of engines as the server reports it. */
export class Engine {
  report = $state.raw<EngineReport | null>(null);
  error = $state.raw<ApiError | null>(null);

  constructor(feed: Feed) {
    feed.on('engine', (report) => (this.report = report));
    feed.on('healed', () => void this.read());
  }

  /** The rung that runs take by default. */
  get chosen(): RungReport | null {
    return this.report?.rungs.find((rung) => rung.id === this.report?.chosen) ?? null;
  }

  async read(): Promise<void> {
    try {
      this.report = await readEngine();
      this.error = null;
    } catch (error) {
      this.error = error as ApiError;
    }
  }
}
