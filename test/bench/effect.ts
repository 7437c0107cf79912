/** What a thing costs that is switched on and off in turn, while the machine's pace drifts. */
import { mean } from 'd3';

/** The share of contrasts left out at either end: where other programs take the processor in the middle of a window. */
const TRIMMED = 0.1;
/** Neighbouring contrasts share windows and weather: the error is told from the means of so many blocks of them. */
const BLOCKS = 20;
const LEAST_IN_BLOCK = 4;

export interface Effect {
  /** The part of the rate that is lost while it is on; negative where something is won. */
  lost: number;
  /** Standard error of that; NaN of few windows. */
  error: number;
}

/** Of the duration of a step in each window, off and on in turn, off in the first and in the last: each window is held
 * against those before and after it. Windows without a duration (NaN) are passed over. */
export function effectOf(durations: readonly number[]): Effect {
  const logs = durations.map(Math.log);
  const contrasts = logs
    .slice(1, -1)
    .map((log, i) => (i % 2 === 0 ? 1 : -1) * (log - (logs[i]! + logs[i + 2]!) / 2))
    .filter(Number.isFinite);
  const count = Math.min(BLOCKS, Math.floor(contrasts.length / LEAST_IN_BLOCK));
  const block = (i: number): number[] =>
    contrasts.slice(
      Math.round((i * contrasts.length) / count),
      Math.round(((i + 1) * contrasts.length) / count),
    );
  const means = Array.from({ length: count }, (_, i) => trimmedMean(block(i)));
  const centre = mean(means) ?? NaN;
  const variance = means.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (count - 1);
  return { lost: 1 - Math.exp(-trimmedMean(contrasts)), error: Math.sqrt(variance / count) };
}

function trimmedMean(values: readonly number[]): number {
  const cut = Math.floor(TRIMMED * values.length);
  const sorted = [...values].sort((a, b) => a - b);
  return mean(sorted.slice(cut, sorted.length - cut)) ?? NaN;
}
