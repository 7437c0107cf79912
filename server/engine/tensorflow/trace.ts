/** Ops.traced by the ops that TensorFlow is given. */
import { tracedBy } from '../trace/trace.ts';
import { backend, Chain, toTensor } from './execute.ts';
import { fuser } from './functions.ts';
import { Notes, type IssuedOp } from './notes.ts';

export const traced = tracedBy<IssuedOp, number>({
  notes: (tensors) => new Notes(tensors),
  idsOf: (tensors) => backend().getInputTensorIds([...tensors]),
  isAnnealed: ({ slopeAt }) => slopeAt >= 0,
  issue({ op, attributes, slopeAt, takesSlope, count }, inputs, lambda) {
    return Chain.run((chain) => {
      const all = takesSlope ? [...inputs, chain.floats(1 - lambda!)] : inputs;
      const given =
        slopeAt < 0 || lambda === undefined
          ? attributes
          : attributes.with(slopeAt, { ...attributes[slopeAt]!, value: 1 - lambda });
      return backend()
        .binding.executeOp(op, given, all, count)
        .map(({ id }) => id);
    });
  },
  fuser,
  free: (id) => backend().binding.deleteTensor(id),
  tensor(id, shape) {
    const { binding } = backend();
    return toTensor({ id, shape: [...shape], dtype: binding.TF_FLOAT! });
  },
});
