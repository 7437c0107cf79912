/** Ops.traced by the kernels that tfjs runs on wasm. */
import * as tf from '@tensorflow/tfjs-core';
import { tracedBy } from '../trace/trace.ts';
import { Notes, type KernelRun } from './notes.ts';

export const traced = tracedBy<KernelRun, tf.DataId>({
  notes: () => new Notes(),
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
