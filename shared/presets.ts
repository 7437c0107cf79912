/** Named starting points, and how a request becomes a whole run configuration. */
import type { DataConfig, DatasetId, NetworkConfig, RunConfig, TrainingConfig } from './config.ts';
import { ScopeError } from './errors.ts';
import { FAMILY, familyNetwork } from './family.ts';
import { checkNetwork } from './network.ts';
import type { RunRequest } from './protocol.ts';
import { checkSchedule, mergeEpoch } from './schedule.ts';

export interface NetworkPreset {
  id: string;
  title: string;
  description: string;
  network: Omit<NetworkConfig, 'inputSize' | 'inputChannels' | 'classes'>;
}

const BN = { bnEpsilon: 1e-6, bnMomentum: 0.1 } as const;

export const PRESETS: readonly NetworkPreset[] = [
  {
    id: 'small',
    title: 'Small (default)',
    description: 'Stem stride 2, three stages; 32×32 images keep maps of 4×4 to the end.',
    network: {
      stemStride: 2,
      dims: [24, 48, 96, 96],
      strides: [2, 2, 1],
      activation: { kind: 'series', n: 2 },
      ...BN,
      // An epoch of a small data set has some 40 steps: at 0.1 the running statistics lag behind the first ones.
      bnMomentum: 0.2,
    },
  },
  {
    id: 'article',
    title: 'Article',
    description: "The article's widths and stride-4 stem; on 32×32 images the last maps are one pixel.",
    network: {
      stemStride: 4,
      dims: [64, 128, 256, 512, 512],
      strides: [2, 2, 2, 1],
      activation: { kind: 'series', n: 3 },
      ...BN,
    },
  },
  ...FAMILY.map(familyPreset),
];

/** The paper's network for images of some 32 pixels: depth and strides as published, an eighth of the widths, so that
 * a CPU can train it, and a stem stride of 2, so that the last maps are not a single pixel. */
function familyPreset(name: string): NetworkPreset {
  const { stemStride, dims, strides, activation } = familyNetwork(name, { width: 1 / 8, stemStride: 2 });
  return {
    id: name,
    title: `VanillaNet-${name.slice('vanillanet-'.length).replace('x', '×')}`,
    description: `The paper's ${dims.length + 1} layers at an eighth of their widths, stem stride 2; 32×32 images end in maps of 2×2.`,
    network: { stemStride, dims, strides, activation, ...BN },
  };
}

export function findPreset(id: string): NetworkPreset {
  const preset = PRESETS.find((p) => p.id === id);
  if (!preset)
    throw new ScopeError(
      'INVALID_CONFIG',
      `preset '${id}' is unknown; valid are ${PRESETS.map((p) => p.id).join(', ')}`,
      {
        field: 'preset',
      },
    );
  return preset;
}

/** What a data set says of itself before any image is read. */
export interface DatasetShape {
  id: DatasetId;
  inputSize: number;
  inputChannels: number;
  classes: readonly string[];
  /** Augmentations that keep an image's class. */
  allowsFlip: boolean;
  allowsCrop: boolean;
}

const DEFAULT_TRAINING: TrainingConfig = {
  epochs: 22,
  batchSize: 128,
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 },
  learningRate: 0.004,
  warmupEpochs: 1,
  labelSmoothing: 0.1,
  lambda: { schedule: 'linear', share: 0.7, update: 'epoch' },
  mergeBeforeEnd: 0,
};

/** The defaults under what was asked for. λ has to be 0 for one whole epoch before the merge, so a short run, whose
 * share nobody chose, anneals faster, and a single epoch is not merged. */
function fillTraining(asked: RunRequest['training'] = {}): TrainingConfig {
  const training = { ...DEFAULT_TRAINING, ...asked };
  if (asked.mergeBeforeEnd === undefined && training.epochs === 1) training.mergeBeforeEnd = null;
  const merge = mergeEpoch(training);
  if (asked.lambda !== undefined || merge === null || merge < 2) return training;
  const share = Math.min(training.lambda.share, Math.floor(((merge - 1) / training.epochs) * 100) / 100);
  return { ...training, lambda: { ...training.lambda, share } };
}

/** Fills a request with defaults and checks that its parts fit together; throws INVALID_CONFIG naming the field. */
export function resolveRun(request: RunRequest, dataset: DatasetShape): RunConfig {
  const preset = findPreset(request.preset ?? 'small');
  const data: DataConfig = {
    trainLimit: null,
    testLimit: null,
    flip: dataset.allowsFlip,
    crop: !dataset.allowsCrop ? 0 : dataset.id === 'cifar10' ? 4 : 2,
    seed: 1,
    ...request.data,
    dataset: dataset.id,
  };
  if (data.flip && !dataset.allowsFlip)
    throw new ScopeError(
      'INVALID_CONFIG',
      `data.flip: mirrored images of ${dataset.id} would change their class`,
      {
        field: 'data.flip',
      },
    );
  if (data.crop > 0 && !dataset.allowsCrop)
    throw new ScopeError(
      'INVALID_CONFIG',
      `data.crop: images of ${dataset.id} can't be cropped; 0 is valid`,
      {
        field: 'data.crop',
      },
    );
  const config: RunConfig = {
    name: request.name ?? `${dataset.id} ${preset.id}`,
    seed: request.seed ?? 1,
    backend: request.backend ?? 'auto',
    preset: preset.id,
    data,
    network: {
      ...preset.network,
      ...request.network,
      inputSize: dataset.inputSize,
      inputChannels: dataset.inputChannels,
      classes: dataset.classes.length,
    },
    training: fillTraining(request.training),
    recording: { probesPerClass: 1, every: 1, precision: 'u8', checkpointEvery: 1, ...request.recording },
  };
  checkNetwork(config.network);
  checkSchedule(config.training);
  return config;
}
