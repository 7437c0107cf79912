/** The new-run form as data, and the request that it makes. */
import type { DatasetId, OptimizerConfig, RunConfig, RungId } from '../../../../shared/config.ts';
import { ScopeError } from '../../../../shared/errors.ts';
import { type DatasetShape, resolveRun } from '../../../../shared/presets.ts';
import type { RunRequest } from '../../../../shared/protocol.ts';

/** A number field; empty where the default is meant. */
export type Entry = number | null | undefined;
export type MergeChoice = 'end' | 'before' | 'never';

export interface FormFields {
  name: string;
  dataset: DatasetId;
  preset: string;
  epochs: Entry;
  batchSize: Entry;
  learningRate: Entry;
  warmupEpochs: Entry;
  labelSmoothing: Entry;
  optimizer: OptimizerConfig['kind'];
  momentum: Entry;
  weightDecay: Entry;
  schedule: 'linear' | 'cosine';
  /** Share of the epochs over which λ falls, percent. */
  sharePercent: number;
  update: 'epoch' | 'step';
  merge: MergeChoice;
  mergeEpochs: Entry;
  seed: Entry;
  backend: 'auto' | RungId;
  /** Empty: all images. */
  trainLimit: Entry;
  testLimit: Entry;
  flip: boolean;
  crop: Entry;
  probesPerClass: Entry;
  every: Entry;
  precision: 'u8' | 'f32';
}

export const MOST_EPOCHS = 10000;

/** Weight decay as each optimizer is commonly used: decoupled for AdamW, the article's kind for SGD. */
export const WEIGHT_DECAY: Record<OptimizerConfig['kind'], number> = { adamw: 0.05, sgd: 0.0005 };

/** The form as it opens: what the server would take for this data set if nothing were said. */
export function firstFields(dataset: DatasetShape): FormFields {
  const { training, data, recording, seed } = resolveRun({ data: { dataset: dataset.id } }, dataset);
  return {
    name: '',
    dataset: dataset.id,
    preset: 'small',
    epochs: training.epochs,
    batchSize: training.batchSize,
    learningRate: training.learningRate,
    warmupEpochs: training.warmupEpochs,
    labelSmoothing: training.labelSmoothing,
    optimizer: training.optimizer.kind,
    momentum: 0.9,
    weightDecay: training.optimizer.weightDecay,
    schedule: training.lambda.schedule,
    sharePercent: Math.round(training.lambda.share * 100),
    update: training.lambda.update,
    merge: 'end',
    mergeEpochs: 2,
    seed,
    backend: 'auto',
    trainLimit: null,
    testLimit: null,
    flip: data.flip,
    crop: data.crop,
    probesPerClass: recording.probesPerClass,
    every: recording.every,
    precision: recording.precision,
  };
}

/** Another data set: augmentations take what it allows by default, everything else stays. */
export function withDataset(fields: FormFields, dataset: DatasetShape): FormFields {
  const { flip, crop } = firstFields(dataset);
  return { ...fields, dataset: dataset.id, flip, crop };
}

function optimizerOf(fields: FormFields): OptimizerConfig {
  const weightDecay = fields.weightDecay ?? WEIGHT_DECAY[fields.optimizer];
  return fields.optimizer === 'sgd'
    ? { kind: 'sgd', momentum: fields.momentum ?? 0.9, weightDecay }
    : { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay };
}

/** Leaves empty fields out, so that they take the server's defaults. */
function given<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  ) as { [K in keyof T]?: NonNullable<T[K]> };
}

export function requestOf(fields: FormFields): RunRequest {
  const { epochs, batchSize, learningRate, warmupEpochs, labelSmoothing, seed, probesPerClass, every } =
    fields;
  const { trainLimit, testLimit, crop } = fields;
  return {
    ...given({ name: fields.name.trim() || null, seed }),
    backend: fields.backend,
    preset: fields.preset,
    data: { dataset: fields.dataset, flip: fields.flip, ...given({ trainLimit, testLimit, crop }) },
    training: {
      ...given({ epochs, batchSize, learningRate, warmupEpochs, labelSmoothing }),
      optimizer: optimizerOf(fields),
      lambda: { schedule: fields.schedule, share: fields.sharePercent / 100, update: fields.update },
      mergeBeforeEnd:
        fields.merge === 'never' ? null : fields.merge === 'end' ? 0 : (fields.mergeEpochs ?? 0),
    },
    recording: { ...given({ probesPerClass, every }), precision: fields.precision },
  };
}

export interface FieldError {
  message: string;
  /** Path of the bad value in the configuration, as the server names it. */
  field: string | undefined;
}

export type Check = { config: RunConfig; error: null } | { config: null; error: FieldError };

/** Throws in the words of the server. All that is counted in epochs would be blamed otherwise, before their number is. */
function checkEpochs(epochs: Entry): void {
  if (epochs === null || epochs === undefined) return;
  if (Number.isInteger(epochs) && epochs >= 1 && epochs <= MOST_EPOCHS) return;
  throw new ScopeError(
    'INVALID_CONFIG',
    `training.epochs is ${epochs}; valid is an integer of at least 1 and at most ${MOST_EPOCHS}`,
    { field: 'training.epochs' },
  );
}

/** What the server would make of the form, or what it would say against it. */
export function checkFields(fields: FormFields, dataset: DatasetShape): Check {
  try {
    checkEpochs(fields.epochs);
    return { config: resolveRun(requestOf(fields), dataset), error: null };
  } catch (error) {
    if (!(error instanceof ScopeError)) throw error;
    return { config: null, error: { message: error.message, field: error.field } };
  }
}
