/** λ and learning-rate schedules, and the early, mid and late stages: the server trains by them, the web draws them. */
import type { LambdaConfig, TrainingConfig } from './config.ts';
import { ScopeError } from './errors.ts';

/** λ (article: 1 full ReLU, 0 identity) after a fraction `progress` of the run's epochs: 1 at the start, exactly 0
 * from `share` on. Linear as in the paper's eq. 2, or half a cosine. */
export function lambdaAt(config: LambdaConfig, progress: number): number {
  const t = progress / config.share;
  if (t <= 0) return 1;
  if (t >= 1 - 1e-9) return 0;
  return config.schedule === 'linear' ? 1 - t : (1 + Math.cos(Math.PI * t)) / 2;
}

/** λ in force at step `step` (from 0) of epoch `epoch` (from 1). Set per epoch, epoch 1 trains at λ = 1. */
export function lambdaOfStep(
  training: TrainingConfig,
  epoch: number,
  step: number,
  stepsPerEpoch: number,
): number {
  const within = training.lambda.update === 'step' ? step / stepsPerEpoch : 0;
  return lambdaAt(training.lambda, (epoch - 1 + within) / training.epochs);
}

/** The epoch after which the pairs are merged, or null. */
export function mergeEpoch(training: TrainingConfig): number | null {
  return training.mergeBeforeEnd === null ? null : training.epochs - training.mergeBeforeEnd;
}

/** The first epoch whose every step trains at λ = 0; may lie after the last epoch. */
export function firstZeroEpoch(training: TrainingConfig): number {
  return Math.ceil(training.lambda.share * training.epochs - 1e-9) + 1;
}

/** Refuses a plan that would merge while λ > 0: the merge needs one whole epoch at λ = 0 before it. */
export function checkSchedule(training: TrainingConfig): void {
  const merge = mergeEpoch(training);
  if (merge === null) return;
  if (merge < 1)
    throw new ScopeError(
      'INVALID_CONFIG',
      `training.mergeBeforeEnd is ${training.mergeBeforeEnd}; with ${training.epochs} epochs at most ${training.epochs - 1} is valid`,
      { field: 'training.mergeBeforeEnd' },
    );
  const zero = firstZeroEpoch(training);
  if (merge >= zero) return;
  const share = Math.floor(((merge - 1) / training.epochs) * 100 + 1e-9) / 100;
  throw new ScopeError(
    'INVALID_CONFIG',
    `training.lambda.share is ${training.lambda.share}: λ reaches 0 in epoch ${zero}, but the merge is after epoch ${merge}; ` +
      `${share > 0 ? `a share of at most ${share}, ` : ''}more epochs, or no merge (null) is valid`,
    { field: 'training.lambda.share' },
  );
}

/** Learning rate at a step: linear warm-up from 0, then half a cosine down to 0 at the end of the run. */
export function learningRateAt(
  training: TrainingConfig,
  epoch: number,
  step: number,
  stepsPerEpoch: number,
): number {
  const { warmupEpochs, epochs, learningRate } = training;
  const before = epoch - 1 + step / stepsPerEpoch;
  const done = before + 1 / stepsPerEpoch;
  if (done < warmupEpochs) return (learningRate * done) / warmupEpochs;
  // A warm-up as long as the run has no decay after it.
  const rest = epochs - warmupEpochs;
  const t = rest > 0 ? (before - warmupEpochs) / rest : 0;
  return (learningRate * (1 + Math.cos(Math.PI * Math.max(0, t)))) / 2;
}

export const STAGES = ['early', 'mid', 'late'] as const;
export type Stage = (typeof STAGES)[number];

/** Where mid and late begin: once λ has fallen to these values, or after these epochs. By λ everything merged is late. */
export interface StageRule {
  by: 'lambda' | 'epoch';
  mid: number;
  late: number;
}

/** The article's stages by thirds of λ: early λ > 2/3, mid 2/3 ≥ λ > 1/3, late λ ≤ 1/3 and everything merged. */
export const THIRDS: Readonly<StageRule> = { by: 'lambda', mid: 2 / 3, late: 1 / 3 };

/** The stage of a moment, `epoch` epochs after the beginning of the run. */
export function stageAt(moment: { epoch: number; lambda: number; merged: boolean }, rule: StageRule): Stage {
  if (rule.by === 'epoch')
    return moment.epoch <= rule.mid ? 'early' : moment.epoch <= rule.late ? 'mid' : 'late';
  const lambda = moment.lambda - 1e-9; // so that 1 - 1/3 counts as two thirds
  return moment.merged || lambda <= rule.late ? 'late' : lambda <= rule.mid ? 'mid' : 'early';
}

/** The stage by thirds of λ. */
export const stageOf = (lambda: number, merged: boolean): Stage =>
  stageAt({ epoch: 0, lambda, merged }, THIRDS);

export interface StageBand {
  stage: Stage;
  /** First and last epoch of the band, 1-based, inclusive. */
  from: number;
  to: number;
}

/** The bands over a run's epochs; a stage that the schedule steps over is left out. */
export function stageBands(training: TrainingConfig, rule: StageRule = THIRDS): StageBand[] {
  const bands: StageBand[] = [];
  const merge = mergeEpoch(training);
  for (let epoch = 1; epoch <= training.epochs; epoch++) {
    const lambda = lambdaOfStep(training, epoch, 0, 1);
    const stage = stageAt({ epoch, lambda, merged: merge !== null && epoch > merge }, rule);
    const last = bands.at(-1);
    if (last?.stage === stage) last.to = epoch;
    else bands.push({ stage, from: epoch, to: epoch });
  }
  return bands;
}
