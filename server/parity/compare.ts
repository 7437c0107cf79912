/** Expected and computed values, side by side. */
import type { RungId } from '../../shared/config.ts';

/** What kind of value it is decides how exact it must be. */
export type Part = 'tap' | 'loss' | 'gradient' | 'statistic' | 'weight';

export interface Pairing {
  caseId: string;
  part: Part;
  tensor: string;
  expected: ArrayLike<number>;
  /** Null where the network has no such value; `note` then says why. */
  actual: ArrayLike<number> | null;
  note?: string;
}

export interface Comparison {
  /** `eval/act_learn=0.3`, `train/act_learn=0/grad`, `deploy/weights`, … */
  caseId: string;
  tensor: string;
  /** Largest absolute difference. */
  absolute: number;
  /** The same relative to the largest expected value, which decides: for taps, losses and weights that of the tensor,
   * for gradients and running statistics that of all of the case, because the true value of some is zero. */
  relative: number;
  /** The same relative to the largest expected value of this tensor alone, for the reader: where the true value is
   * zero (a bias ahead of a batch normalisation) it compares rounding with rounding. */
  relativeToTensor: number;
  tolerance: number;
  passed: boolean;
  note?: string;
}

/** Relative tolerance: 1e-5 for evaluation on the backends that round as PyTorch does, 1e-4 for all else. */
export function toleranceOf(caseId: string, part: Part, rung: RungId): number {
  const exact = rung === 'cpu' || rung === 'tensorflow' || rung === 'tensorflow-gpu';
  return exact && part === 'tap' && !caseId.startsWith('train') ? 1e-5 : 1e-4;
}

/** Compares in the order given. Tensors with the same `caseId` are one case. */
export function compare(pairings: readonly Pairing[], rung: RungId): Comparison[] {
  const scales = new Map<string, number>();
  for (const { caseId, expected } of pairings)
    scales.set(caseId, Math.max(scales.get(caseId) ?? 0, largest(expected)));
  return pairings.map(({ caseId, part, tensor, expected, actual, note }) => {
    const tolerance = toleranceOf(caseId, part, rung);
    const fits = actual !== null && actual.length === expected.length;
    const absolute = fits ? largestDifference(expected, actual) : Infinity;
    const own = largest(expected);
    const together = part === 'gradient' || part === 'statistic' || own === 0;
    const relative = ratio(absolute, together ? scales.get(caseId)! : own);
    const problem =
      note ?? (actual && !fits ? `${actual.length} values instead of ${expected.length}` : undefined);
    return {
      caseId,
      tensor,
      absolute,
      relative,
      relativeToTensor: ratio(absolute, own),
      tolerance,
      // A NaN is never within anything.
      passed: relative <= tolerance,
      ...(problem === undefined ? {} : { note: problem }),
    };
  });
}

function ratio(difference: number, scale: number): number {
  return difference === 0 ? 0 : difference / scale;
}

function largest(values: ArrayLike<number>): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result = Math.max(result, Math.abs(values[i]!));
  return result;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let result = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (Number.isNaN(difference)) return NaN;
    result = Math.max(result, difference);
  }
  return result;
}
