/** What a run's curves are made of, as points [epoch, value]; no pixels here. */
import type { TrainingConfig } from '../../../../shared/config.ts';
import type { EpochMetrics, StepMetrics } from '../../../../shared/protocol.ts';
import { lambdaOfStep, learningRateAt, mergeEpoch } from '../../../../shared/schedule.ts';

export type Point = readonly [epoch: number, value: number];

/** The values of one metric; epochs where it is unknown (epoch 0 has no training loss) are left out. */
export function pointsOf(
  metrics: readonly EpochMetrics[],
  value: (m: EpochMetrics) => number | null,
): Point[] {
  return metrics.flatMap((m): Point[] => {
    const v = value(m);
    return v === null || !Number.isFinite(v) ? [] : [[m.epoch, v]];
  });
}

/** Places a curve of a schedule needs: every epoch, and points between where it moves within one. */
function samples(epochs: number): number[] {
  const stride = Math.max(1, Math.ceil(epochs / 400));
  const found: number[] = [];
  for (let epoch = 1; epoch < epochs; epoch += stride) found.push(epoch);
  return [...found, epochs];
}

/** λ as planned. Set per epoch it stays for the whole epoch, so each epoch gives its beginning and end. */
export function plannedLambda(training: TrainingConfig): Point[] {
  if (training.lambda.update === 'step')
    return [[0, 1], ...samples(training.epochs).map((e): Point => [e, lambdaOfStep(training, e + 1, 0, 1)])];
  return samples(training.epochs).flatMap((e): Point[] => {
    const lambda = lambdaOfStep(training, e, 0, 1);
    return [
      [e - 1, lambda],
      [e, lambda],
    ];
  });
}

/** The learning rate as planned: at every epoch's beginning, at the end of the warm-up and of the run. */
export function plannedLearningRate(training: TrainingConfig): Point[] {
  const { epochs, warmupEpochs } = training;
  const steps = 1000;
  const places = new Set([0, ...samples(epochs), Math.min(warmupEpochs, epochs)]);
  return [...places]
    .sort((a, b) => a - b)
    .map((place): Point => {
      const epoch = Math.min(epochs, Math.floor(place) + 1);
      const step = Math.min(steps - 1, Math.round((place - epoch + 1) * steps));
      return [place, learningRateAt(training, epoch, step, steps)];
    });
}

/** A quantity set anew at each epoch keeps its value for the whole of it: [epoch, value] becomes a stair that ends
 * there. */
export function stairs(points: readonly Point[]): Point[] {
  return points.flatMap(([epoch, value], i): Point[] =>
    i === 0
      ? [[epoch, value]]
      : [
          [points[i - 1]![0], value],
          [epoch, value],
        ],
  );
}

/** Where training stands between two epochs: [epochs done, training loss]. */
export function stepPoint(step: StepMetrics | null, value: (s: StepMetrics) => number): Point | null {
  if (!step || !Number.isFinite(value(step))) return null;
  return [step.epoch - 1 + step.step / step.stepsPerEpoch, value(step)];
}

/** The metrics at a place on the axis: those of the nearest epoch measured, or without a place the latest. */
export function metricsAt(
  metrics: readonly EpochMetrics[],
  position: number | null,
): EpochMetrics | undefined {
  if (position === null) return metrics.at(-1);
  let best: EpochMetrics | undefined;
  for (const m of metrics)
    if (!best || Math.abs(m.epoch - position) < Math.abs(best.epoch - position)) best = m;
  return best;
}

/** Where the merge stands on the axis, and whether it has happened; null where none is planned. */
export function mergeMark(
  training: TrainingConfig,
  merged: boolean,
): { position: number; happened: boolean } | null {
  const epoch = mergeEpoch(training);
  return epoch === null ? null : { position: epoch, happened: merged };
}
