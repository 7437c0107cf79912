import type { Measure } from '../../../../shared/measurement.ts';
import { formatShare, formatValue } from '../format.ts';

/** A measure for people: shares as percentages, the rank with one decimal. */
export function formatMeasure(measure: Measure, value: number | null | undefined): string {
  if (measure === 'highFrequencyShare' || measure === 'deadFraction') return formatShare(value);
  if (measure === 'effectiveRank' && Number.isFinite(value)) return value!.toFixed(1);
  return formatValue(value);
}
