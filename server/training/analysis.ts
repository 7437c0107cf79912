/** What can be asked of a snapshot's weights after the fact: the merge compared, the merge carried out, an image's
 * feature maps. */
import * as tf from '@tensorflow/tfjs-core';
import { ScopeError } from '../../shared/errors.ts';
import { encodeFrame } from '../../shared/frame.ts';
import type { MergeReport } from '../../shared/protocol.ts';
import { toInput } from '../datasets/batches.ts';
import { mergeReport } from '../nn/mergeReport.ts';
import { TapRecorder } from './recorder.ts';
import type { AnalysisTask } from './tasks.ts';
import { decodeMoment, encodeMoment } from './weights.ts';

/** The deep network of `weights` beside its merged copy on `images`, uint8 [P, H, W, C]. Throws CONFLICT for a merged
 * network, INVALID_WEIGHTS or INVALID_DATA for damaged bytes. */
export async function reportMerge(weights: Uint8Array, images: Uint8Array): Promise<MergeReport> {
  const { net, moment } = decodeMoment(weights);
  const { inputSize, inputChannels } = net.config;
  const pixels = inputSize * inputSize * inputChannels;
  try {
    if (images.length === 0 || images.length % pixels !== 0)
      throw new ScopeError(
        'INVALID_DATA',
        `the probes have ${images.length} bytes; a multiple of ${pixels} is valid`,
      );
    const count = images.length / pixels;
    const input = toInput(images, moment.normalisation);
    const probes = tf.tensor4d(input, [count, inputSize, inputSize, inputChannels]);
    try {
      return await mergeReport(net, probes);
    } finally {
      probes.dispose();
    }
  } finally {
    net.dispose();
  }
}

/** An encoded frame of all taps of one image, as the snapshot of these weights would have held it, but for the ranges:
 * they are those of the image alone. Throws INVALID_DATA where the pixels do not fill the network's input. */
export async function recordImage(
  weights: Uint8Array,
  { moment, precision, index, pixels }: Omit<AnalysisTask & { type: 'record' }, 'type' | 'rung' | 'weights'>,
): Promise<Uint8Array> {
  const { net, moment: kept } = decodeMoment(weights);
  try {
    const { inputSize, inputChannels } = net.config;
    if (pixels.length !== inputSize * inputSize * inputChannels)
      throw new ScopeError(
        'INVALID_DATA',
        `the image has ${pixels.length} bytes; ${inputSize}×${inputSize}×${inputChannels} are needed`,
      );
    const recorder = new TapRecorder(new Float32Array(0), 0, precision);
    recorder.setOwn(index, toInput(pixels, kept.normalisation));
    try {
      return encodeFrame(await recorder.record(net, moment, { taps: null, probes: [index] }));
    } finally {
      recorder.dispose();
    }
  } finally {
    net.dispose();
  }
}

/** The same moment with every pair merged. Throws LAMBDA_NOT_ZERO while λ > 0. */
export async function mergeWeights(weights: Uint8Array): Promise<Uint8Array> {
  const { net, moment } = decodeMoment(weights);
  try {
    net.merge();
    return await encodeMoment(net, moment);
  } finally {
    net.dispose();
  }
}
