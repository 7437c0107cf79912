/** Ops.traced by the ops that TensorFlow is given. */
import { tracedBy } from '../trace/trace.ts';
import { backend, Chain, toTensor } from './execute.ts';
import { fuser } from './functions.ts';
import { Notes, type IssuedOp } from './notes.ts';

function execute(
  { op, count }: IssuedOp,
  attributes: IssuedOp['attributes'],
  inputs: readonly number[],
): number[] {
  const made = backend().binding.executeOp(op, attributes, inputs, count);
  return made.map(({ id }) => id);
}

function withSlope({ attributes, slopeAt }: IssuedOp, lambda?: number): IssuedOp['attributes'] {
  return slopeAt < 0 || lambda === undefined
    ? attributes
    : attributes.with(slopeAt, { ...attributes[slopeAt]!, value: 1 - lambda });
}

export const traced = tracedBy<IssuedOp, number>({
  notes: (tensors) => new Notes(tensors),
  idsOf: (tensors) => backend().getInputTensorIds([...tensors]),
  isAnnealed: ({ slopeAt }) => slopeAt >= 0,
  issue(op, inputs, lambda) {
    if (!op.takesSlope) return execute(op, withSlope(op, lambda), inputs);
    return Chain.run((chain) => execute(op, op.attributes, [...inputs, chain.floats(1 - lambda!)]));
  },
  fuser,
  free: (id) => backend().binding.deleteTensor(id),
  tensor(id, shape) {
    const { binding } = backend();
    return toTensor({ id, shape: [...shape], dtype: binding.TF_FLOAT! });
  },
});
