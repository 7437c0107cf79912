import { SvelteMap } from 'svelte/reactivity';
import type { MergeReport } from '../../../../shared/protocol.ts';
import { readMergeReport } from './api.ts';

export type MergeReportReader = (run: string, snapshot: string) => Promise<MergeReport>;

/** One report: asked for, here, or refused with what was said. */
export interface MergeEntry {
  loading: boolean;
  report: MergeReport | null;
  error: string;
}

/** The merge reports of one run that someone has asked for, by snapshot. */
export class MergeReports {
  readonly entries = new SvelteMap<string, MergeEntry>();
  readonly #run: string;
  readonly #read: MergeReportReader;

  constructor(run: string, read: MergeReportReader = readMergeReport) {
    this.#run = run;
    this.#read = read;
  }

  /** A report that came with the run itself. */
  keep(snapshot: string, report: MergeReport): void {
    this.entries.set(snapshot, { loading: false, report, error: '' });
  }

  /** Asks for a report, once; after a failure again. */
  async ask(snapshot: string): Promise<void> {
    const known = this.entries.get(snapshot);
    if (known?.loading || known?.report) return;
    this.entries.set(snapshot, { loading: true, report: null, error: '' });
    try {
      this.keep(snapshot, await this.#read(this.#run, snapshot));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.entries.set(snapshot, { loading: false, report: null, error: message });
    }
  }
}
