/** How a quantity stood in the first tenth of a run and at its end. */
import { median } from './table.ts';

export interface Drift {
  /** Median of the first tenth of the samples, and of the last. */
  first: number;
  end: number;
  /** end / first */
  ratio: number;
}

/** Samples in order of time, ten at least. */
export function drift(samples: readonly number[]): Drift {
  const tenth = Math.floor(samples.length / 10);
  if (tenth < 1) throw new RangeError(`${samples.length} samples are too few; ten at least are needed`);
  const first = median(samples.slice(0, tenth));
  const end = median(samples.slice(-tenth));
  return { first, end, ratio: end / first };
}

/** The samples nearest to each of the times, both in order. */
export function atTimes(
  samples: readonly { at: number; value: number }[],
  times: readonly number[],
): number[] {
  let i = 0;
  return times.map((time) => {
    while (i + 1 < samples.length && Math.abs(samples[i + 1]!.at - time) <= Math.abs(samples[i]!.at - time))
      i++;
    return samples[i]!.value;
  });
}
