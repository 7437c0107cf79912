/** Named starting points, and how a request becomes a whole run configuration. */
import type { DataConfig, DatasetId, NetworkConfig, RunConfig, TrainingConfig } from './config.ts';
import { ScopeError } from './errors.ts';
import { FAMILY, familyNetwork } from './family.ts';
import { checkNetwork } from './network.ts';
import type { RunRequest } from './protocol.ts';
import { checkSchedule } from './schedule.ts';

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
      dims: [32, 64, 128, 128],
      strides: [2, 2, 1],
      activation: { kind: 'series', n: 1 },
      ...BN,
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
  epochs: 20,
  batchSize: 128,
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 },
  learningRate: 0.004,
  warmupEpochs: 1,
  labelSmoothing: 0.1,
  lambda: { schedule: 'linear', share: 0.7, update: 'epoch' },
  mergeBeforeEnd: 0,
};

/** Fills a request with defaults and checks that its parts fit together; throws INVALID_CONFIG naming the field. */
export function resolveRun(request: RunRequest, dataset: DatasetShape): RunConfig {
  const preset = findPreset(request.preset ?? 'small');
  const data: DataConfig = {
    trainLimit: null,
    testLimit: null,
    flip: dataset.allowsFlip,
    crop: dataset.allowsCrop ? 4 : 0,
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
    training: { ...DEFAULT_TRAINING, ...request.training },
    recording: { probesPerClass: 1, every: 1, precision: 'u8', checkpointEvery: 1, ...request.recording },
  };
  checkNetwork(config.network);
  checkSchedule(config.training);
  return config;
}
