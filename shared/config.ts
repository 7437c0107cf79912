/** A run as data: schemas first, types derived from them. Used by the REST edge, the trainer and the form. */
import { Type, type Static } from 'typebox';
import { RUNG_IDS } from './rungs.ts';

const strict = { additionalProperties: false } as const;

/** Block non-linearity: `series` is ReLU, a (2n+1)×(2n+1) depthwise convolution and BN (paper, section 3.2);
 * `shifted` is Σᵢ aᵢ·ReLU(x + bᵢ) per channel with `n` terms, then BN (paper, eq. 5); `relu` is ReLU alone. */
export const ActivationConfig = Type.Union([
  Type.Object({ kind: Type.Literal('series'), n: Type.Integer({ minimum: 1, maximum: 5 }) }, strict),
  Type.Object({ kind: Type.Literal('shifted'), n: Type.Integer({ minimum: 1, maximum: 9 }) }, strict),
  Type.Object({ kind: Type.Literal('relu') }, strict),
]);
export type ActivationConfig = Static<typeof ActivationConfig>;

/** The whole network. `dims[0]` is the stem's width, `dims[i + 1]` that of stage i; `strides[i]` is stage i's
 * max-pooling window and stride (1: none). Images are square, `inputSize` pixels, channels last. */
export const NetworkConfig = Type.Object(
  {
    inputSize: Type.Integer({ minimum: 8, maximum: 1024 }),
    inputChannels: Type.Integer({ minimum: 1, maximum: 4 }),
    classes: Type.Integer({ minimum: 2, maximum: 10000 }),
    stemStride: Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(4)]),
    dims: Type.Array(Type.Integer({ minimum: 1, maximum: 8192 }), { minItems: 2, maxItems: 32 }),
    strides: Type.Array(Type.Integer({ minimum: 1, maximum: 4 }), { minItems: 1, maxItems: 31 }),
    activation: ActivationConfig,
    bnEpsilon: Type.Number({ exclusiveMinimum: 0, maximum: 0.1 }),
    bnMomentum: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
  },
  strict,
);
export type NetworkConfig = Static<typeof NetworkConfig>;

export const DATASET_IDS = ['emoji', 'cifar10', 'shapes'] as const;
export const DatasetId = Type.Enum([...DATASET_IDS]);
export type DatasetId = (typeof DATASET_IDS)[number];

export const DataConfig = Type.Object(
  {
    dataset: DatasetId,
    /** Most images taken of each split, evenly over the classes; null takes all. */
    trainLimit: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
    testLimit: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
    flip: Type.Boolean(),
    /** Random crop after padding by this many pixels; 0 switches it off. */
    crop: Type.Integer({ minimum: 0, maximum: 16 }),
    /** Draws what is drawn of a data set: shapes, the images taken where a limit is set, the probes. Runs of the same
     * one see the same images and can be compared; absent, the run's own seed draws them. */
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffffffff })),
  },
  strict,
);
export type DataConfig = Static<typeof DataConfig>;

export const OptimizerConfig = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('sgd'),
      momentum: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
      weightDecay: Type.Number({ minimum: 0, maximum: 1 }),
    },
    strict,
  ),
  Type.Object(
    {
      kind: Type.Literal('adamw'),
      beta1: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
      beta2: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
      epsilon: Type.Number({ exclusiveMinimum: 0 }),
      weightDecay: Type.Number({ minimum: 0, maximum: 1 }),
    },
    strict,
  ),
]);
export type OptimizerConfig = Static<typeof OptimizerConfig>;

/** λ of the article: 1 is a full ReLU between the two convolutions of a pair, 0 the identity. It falls from 1 to
 * 0 over `share` of the epochs and is set anew at each epoch or at each step. */
export const LambdaConfig = Type.Object(
  {
    schedule: Type.Union([Type.Literal('linear'), Type.Literal('cosine')]),
    share: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    update: Type.Union([Type.Literal('epoch'), Type.Literal('step')]),
  },
  strict,
);
export type LambdaConfig = Static<typeof LambdaConfig>;

export const TrainingConfig = Type.Object(
  {
    epochs: Type.Integer({ minimum: 1, maximum: 10000 }),
    batchSize: Type.Integer({ minimum: 2, maximum: 4096 }),
    optimizer: OptimizerConfig,
    learningRate: Type.Number({ exclusiveMinimum: 0, maximum: 100 }),
    /** Epochs over which the learning rate rises linearly from 0; cosine decay to 0 follows. */
    warmupEpochs: Type.Number({ minimum: 0 }),
    labelSmoothing: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
    lambda: LambdaConfig,
    /** The pairs are merged this many epochs before the end (0: at the end), or never (null). */
    mergeBeforeEnd: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  },
  strict,
);
export type TrainingConfig = Static<typeof TrainingConfig>;

export const RecordingConfig = Type.Object(
  {
    probesPerClass: Type.Integer({ minimum: 1, maximum: 16 }),
    /** A snapshot is kept every this many epochs; the first, the last and the merge are always kept. */
    every: Type.Integer({ minimum: 1 }),
    precision: Type.Union([Type.Literal('u8'), Type.Literal('f32')]),
    /** A checkpoint (weights, optimizer, schedule and random state) every this many epochs. */
    checkpointEvery: Type.Integer({ minimum: 1 }),
  },
  strict,
);
export type RecordingConfig = Static<typeof RecordingConfig>;

export const RungId = Type.Enum([...RUNG_IDS]);
/** The rungs of the ladder, best first. */
export type RungId = (typeof RUNG_IDS)[number];

export const RunConfig = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 80 }),
    seed: Type.Integer({ minimum: 0, maximum: 0xffffffff }),
    /** `auto` takes the best rung that passes its self-test. */
    backend: Type.Union([Type.Literal('auto'), RungId]),
    preset: Type.String(),
    data: DataConfig,
    network: NetworkConfig,
    training: TrainingConfig,
    recording: RecordingConfig,
  },
  strict,
);
export type RunConfig = Static<typeof RunConfig>;
