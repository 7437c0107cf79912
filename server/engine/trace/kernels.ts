/** Ops.traced by the kernels that tfjs runs. */
import * as tf from '@tensorflow/tfjs-core';
import type { Ops } from '../../nn/ops.ts';
import { KernelNotes, type Annealing, type KernelRun } from './kernelNotes.ts';
import { tracedBy } from './trace.ts';

/** For the backend of this name. */
export function tracedKernels(backend: string, annealing: Annealing): Ops['traced'] {
  return tracedBy<KernelRun, tf.DataId>({
    notes: () => new KernelNotes(backend, annealing),
    idsOf: (tensors) => tensors.map(({ dataId }) => dataId),
    isAnnealed: ({ annealed }) => annealed !== null,
    issue({ run, inputs, taken, attrs, annealed }, ids, lambda) {
      taken.forEach((info, i) => (info.dataId = ids[i]!));
      const given = annealed && lambda !== undefined ? annealed(lambda) : attrs;
      return [run({ inputs, attrs: given, backend: tf.backend() })].flat().map(({ dataId }) => dataId);
    },
    free: (id) => void tf.backend().disposeData(id),
    fuser: () => null,
    tensor: (dataId, shape) =>
      tf.engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype: 'float32' }),
  });
}
