/** What every area of the bench gives and takes. */
import type { RungId } from '../../shared/config.ts';

export interface BenchOptions {
  rungs: readonly RungId[];
  /** Starts the process of a rung, whose name is added to it; null takes engineProcess.ts. */
  rungCommand: readonly string[] | null;
  presets: readonly string[];
  batches: readonly number[];
  /** Rounds, each of which measures everything once, in turn. */
  rounds: number;
  /** Length of a window of training. */
  seconds: number;
  /** Epochs of a long run. */
  epochs: number;
  /** Tells a person how far it is. */
  say: (text: string) => void;
}

export interface BenchResult {
  /** For --json. */
  data: unknown;
  /** The section of the results file. */
  markdown: string;
  /** Versions of what was measured. */
  versions: string[];
}

export type Bench = (options: BenchOptions) => Promise<BenchResult>;
