/** What an engine's own operations are held to: differentiable ones, on shapes that come in fours and that don't. */
import * as tf from '@tensorflow/tfjs-core';
import type { Ops } from '../../../server/nn/ops.ts';

export type Operation = (ops: Ops, inputs: tf.Tensor4D[]) => tf.Tensor;

export interface Case {
  name: string;
  shapes: number[][];
  operation: Operation;
  /** Inputs rounded to few values, so that windows hold their maximum several times. */
  ties?: boolean;
  /** Inputs that take no gradient. */
  fixed?: number;
}

export function cases(): Case[] {
  const list: Case[] = [];
  for (const channels of [36, 8, 12, 5, 1]) {
    const map = [3, 6, 7, channels];
    list.push(
      {
        name: `conv1x1 of ${channels} channels`,
        shapes: [map, [1, 1, channels, 6]],
        operation: (ops, [x, w]) => ops.conv1x1(x!, w!),
      },
      {
        name: `depthwise 3×3 of ${channels} channels`,
        shapes: [map, [3, 3, channels, 1]],
        operation: (ops, [x, w]) => ops.depthwise(x!, w!),
      },
      {
        name: `depthwise 7×7 of ${channels} channels, larger than the map`,
        shapes: [
          [2, 2, 3, channels],
          [7, 7, channels, 1],
        ],
        operation: (ops, [x, w]) => ops.depthwise(x!, w!),
      },
      {
        name: `batchNormTrain of ${channels} channels`,
        shapes: [map, [channels], [channels]],
        operation: (ops, [x, g, b]) => {
          const [gamma, beta] = [g, b] as unknown as [tf.Tensor1D, tf.Tensor1D];
          return ops.batchNormTrain(x!, gamma, beta, 1e-5).y;
        },
      },
      ...[0.3, 1].map((lambda) => ({
        name: `batchNormTrain with the activation at λ = ${lambda} of ${channels} channels`,
        shapes: [map, [channels], [channels]],
        operation: ((ops, [x, g, b]) => {
          const [gamma, beta] = [g, b] as unknown as [tf.Tensor1D, tf.Tensor1D];
          return ops.batchNormTrain(x!, gamma, beta, 1e-5, lambda).y;
        }) satisfies Operation,
      })),
      {
        name: `annealed at λ = 0.3 of ${channels} channels`,
        shapes: [map],
        operation: (ops, [x]) => ops.annealed(x!, 0.3),
      },
      {
        name: `annealed at λ = 1 of ${channels} channels`,
        shapes: [map],
        operation: (ops, [x]) => ops.annealed(x!, 1),
      },
      {
        name: `maxPool 2 of ${channels} channels with a remainder and ties`,
        shapes: [map],
        operation: (ops, [x]) => ops.maxPool(x!, 2),
        ties: true,
      },
      {
        name: `maxPool 3 of ${channels} channels`,
        shapes: [map],
        operation: (ops, [x]) => ops.maxPool(x!, 3),
      },
      {
        name: `biasAdd of ${channels} channels`,
        shapes: [map, [channels]],
        operation: (ops, [x, b]) => ops.biasAdd(x!, b as unknown as tf.Tensor1D),
      },
      {
        name: `globalAverage of ${channels} channels`,
        shapes: [map],
        operation: (ops, [x]) => ops.globalAverage(x!),
      },
    );
  }
  for (const smoothing of [0, 0.1])
    list.push({
      name: `crossEntropy smoothed by ${smoothing}`,
      shapes: [[300, 10]],
      operation: (ops, [x]) => {
        const labels = tf.tensor1d(
          Array.from({ length: 300 }, (_, i) => (i * 7) % 10),
          'int32',
        );
        return ops.crossEntropy(x as unknown as tf.Tensor2D, labels, smoothing);
      },
    });
  list.push(
    {
      name: 'conv1x1 of more rows and channels than a tile has',
      shapes: [
        [5, 12, 13, 70],
        [1, 1, 70, 101],
      ],
      operation: (ops, [x, w]) => ops.conv1x1(x!, w!),
    },
    {
      name: 'depthwise 5×5 of more rows than a part has',
      shapes: [
        [9, 16, 16, 40],
        [5, 5, 40, 1],
      ],
      operation: (ops, [x, w]) => ops.depthwise(x!, w!),
    },
    {
      name: 'batchNormTrain of more rows than a part has',
      shapes: [[9, 16, 16, 40], [40], [40]],
      operation: (ops, [x, g, b]) => {
        const [gamma, beta] = [g, b] as unknown as [tf.Tensor1D, tf.Tensor1D];
        return ops.batchNormTrain(x!, gamma, beta, 1e-5).y;
      },
    },
  );
  for (const [stride, padding] of [
    [4, [0, 0]],
    [2, [1, 1]],
    [1, [1, 2]],
  ] as const)
    list.push({
      name: `patchConv at stride ${stride}`,
      shapes: [
        [2, 12, 12, 3],
        [4, 4, 3, 8],
      ],
      operation: (ops, [x, w]) => ops.patchConv(x!, w!, stride, padding),
      fixed: 0,
    });
  return list;
}
