/** The smallest run that has everything: 48 images of shapes, maps of 8×8 and 4×4, λ, a merge. */
import type { RunConfig } from '../../../shared/config.ts';
import type { Dataset, Split } from '../../../server/datasets/dataset.ts';
import { loadShapes } from '../../../server/datasets/shapes.ts';
import { TrainerControl } from '../../../server/training/control.ts';
import type { TrainerEvent } from '../../../server/training/messages.ts';
import { train, type TrainOptions } from '../../../server/training/trainer.ts';

function head({ images, labels }: Split, count: number): Split {
  const pixels = images.length / labels.length;
  return { images: images.slice(0, count * pixels), labels: labels.slice(0, count) };
}

const shapes = loadShapes(1);
export const TINY_DATA: Dataset = {
  shape: shapes.shape,
  train: head(shapes.train, 48),
  test: head(shapes.test, 14),
};

export type Changes = { seed?: number } & {
  [K in 'training' | 'network' | 'recording']?: Partial<RunConfig[K]>;
};

/** 4 epochs of 3 steps; λ is 0 from epoch 3 on; the pairs are merged after the last epoch. */
export function tinyConfig(changes: Changes = {}): RunConfig {
  return {
    name: 'tiny',
    seed: changes.seed ?? 1,
    backend: 'cpu',
    preset: 'small',
    data: { dataset: 'shapes', trainLimit: 49, testLimit: 14, flip: true, crop: 2 },
    network: {
      inputSize: 32,
      inputChannels: 3,
      classes: 7,
      stemStride: 4,
      dims: [6, 8, 8],
      strides: [2, 1],
      activation: { kind: 'series', n: 1 },
      bnEpsilon: 1e-6,
      bnMomentum: 0.1,
      ...changes.network,
    },
    training: {
      epochs: 4,
      batchSize: 16,
      optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 },
      learningRate: 0.004,
      warmupEpochs: 1,
      labelSmoothing: 0.1,
      lambda: { schedule: 'linear', share: 0.5, update: 'epoch' },
      mergeBeforeEnd: 0,
      ...changes.training,
    },
    recording: { probesPerClass: 1, every: 1, precision: 'u8', checkpointEvery: 1, ...changes.recording },
  };
}

export function tinyRun(
  config: RunConfig,
  options: Partial<TrainOptions> = {},
): AsyncGenerator<TrainerEvent> {
  return train({
    config,
    dataset: TINY_DATA,
    rung: 'cpu',
    engine: 'test',
    control: new TrainerControl(),
    resume: null,
    ...options,
  });
}

/** All events of a training; `at` sees each as it comes. */
export async function collect(
  events: AsyncGenerator<TrainerEvent>,
  at: (event: TrainerEvent) => void = () => undefined,
): Promise<TrainerEvent[]> {
  const all: TrainerEvent[] = [];
  for await (const event of events) {
    all.push(event);
    at(event);
  }
  return all;
}

/** The events of one type, in order. */
export function only<T extends TrainerEvent['type']>(
  events: readonly TrainerEvent[],
  type: T,
): (TrainerEvent & { type: T })[] {
  return events.filter((event): event is TrainerEvent & { type: T } => event.type === type);
}
