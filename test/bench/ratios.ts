/** How the rates of one stand to those of its rivals, measured in the same rounds. */
import { median } from './table.ts';

export interface Ratios {
  /** Median over the rounds of rate / rate of the fastest rival in the same round; null without a rival. */
  ratio: number | null;
  /** The best window by the rivals' best: other load disturbs these two least. */
  bestRatio: number | null;
}

/** One rate for each round, of the one and of each rival. */
export function ratiosTo(rivals: readonly (readonly number[])[], rates: readonly number[]): Ratios {
  if (rivals.length === 0) return { ratio: null, bestRatio: null };
  const fastest = (round: number): number => Math.max(...rivals.map((rival) => rival[round]!));
  return {
    ratio: median(rates.map((rate, round) => rate / fastest(round))),
    bestRatio: Math.max(...rates) / Math.max(...rivals.flat()),
  };
}
