import type { StageRule } from '../../../../shared/schedule.ts';
import { driftRule, MIN_SNAPSHOTS } from '../changePoints.ts';
import { type ApiError, readSimilarity } from './api.ts';

/** A snapshot is measured a while after it has been recorded: it is asked for again after these, ms. */
const WAITS = [1000, 3000, 9000] as const;

/** The stages of one run as its features tell them, asked for only when someone wants to know. */
export class Drift {
  /** Null as long as nothing is found, for the reason that `lack` is. */
  rule = $state.raw<StageRule | null>(null);
  /** `few`: too few snapshots to tell; `missing`: this run has no measures of its features. */
  lack = $state<'asking' | 'few' | 'missing' | 'failed'>('asking');
  error = $state.raw<ApiError | null>(null);
  #run: string;
  #blocks: readonly string[];
  #recorded = 0;
  #asking = false;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: string, blocks: readonly string[]) {
    this.#run = run;
    this.#blocks = blocks;
  }

  /** Reads what is measured by now of the `snapshots` there are. What is found before stays until it has come. */
  async ask(snapshots: number): Promise<void> {
    this.#recorded = snapshots;
    // The untrained network is no stage.
    if (snapshots <= MIN_SNAPSHOTS) {
      this.lack = 'few';
      return;
    }
    this.#again = this.#asking;
    if (this.#asking) return;
    this.lack = 'asking';
    await this.#ask(WAITS);
  }

  async #ask([wait, ...others]: readonly number[]): Promise<void> {
    clearTimeout(this.#timer);
    this.#asking = true;
    let measured: number;
    do {
      this.#again = false;
      measured = await this.#read();
    } while (this.#again);
    this.#asking = false;
    if (measured > 0 && measured < this.#recorded && wait !== undefined)
      this.#timer = setTimeout(() => void this.#ask(others), wait);
  }

  /** How many snapshots are measured; 0 where that can't be told. */
  async #read(): Promise<number> {
    try {
      // One block tells whether the run was measured at all.
      const [first, ...others] = this.#blocks;
      const blocks = first ? [await readSimilarity(this.#run, first)] : [];
      blocks.push(...(await Promise.all(others.map((block) => readSimilarity(this.#run, block)))));
      // Measuring goes on meanwhile: a block that was asked a moment later may know a snapshot more.
      const known = Math.min(...blocks.map((block) => block.snapshots.length));
      const same = blocks.filter((block) => block.snapshots.length === known);
      this.rule = driftRule(same);
      this.lack = known === 0 ? 'missing' : 'few';
      this.error = null;
      return known;
    } catch (error) {
      this.error = error as ApiError;
      this.lack = (error as ApiError).status === 404 ? 'missing' : 'failed';
      return 0;
    }
  }
}
