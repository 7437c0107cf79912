/** How far a run has come. */
import type { RunSummary, StepMetrics } from '../../../../shared/protocol.ts';

/** 0 to 1: whole epochs done, and the steps of the one under way. */
export function runProgress(run: Pick<RunSummary, 'epoch' | 'epochs'>, step: StepMetrics | null): number {
  const within = step && step.epoch > run.epoch ? step.step / step.stepsPerEpoch : 0;
  return Math.min(1, (run.epoch + within) / run.epochs);
}
