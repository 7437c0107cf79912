/** The operations of nn/ops.ts by TensorFlow's own kernels and their own gradients. */
import type { Ops } from '../../nn/ops.ts';
import { annealed, hasNotedMaxPool, maxPool, notedMaxPool } from './activations.ts';
import { adamw } from './adamw.ts';
import { batchNormTrain } from './batchNorm.ts';
import { conv1x1, patchConv } from './convolutions.ts';
import { depthwise } from './depthwise.ts';
import { backend } from './execute.ts';
import { quantise } from './quantise.ts';
import { traced } from './trace.ts';

/** To be asked for once the backend is there. */
export function tensorflowOps(): Partial<Ops> {
  return {
    inPlace: !backend().isUsingGpuDevice,
    readsWait: true,
    conv1x1,
    patchConv,
    depthwise,
    batchNormTrain,
    annealed,
    maxPool: hasNotedMaxPool() ? notedMaxPool : maxPool,
    quantise,
    adamw,
    traced,
  };
}
