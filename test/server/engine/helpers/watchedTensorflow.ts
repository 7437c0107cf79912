/** The tensors that TensorFlow's addon holds. */
import { backend, type Binding } from '../../../../server/engine/tensorflow/execute.ts';
import type { Watched } from '../traces.ts';

export function watchTensorflow(): Watched {
  const engine = backend();
  const real = engine.binding;
  let held = 0;
  let failing = false;
  const watched: Pick<Binding, 'executeOp' | 'createTensor' | 'deleteTensor'> = {
    executeOp: (op, attributes, inputs, count) => {
      if (failing && op === 'ConcatV2') throw new Error(`${op} fails`);
      const made = real.executeOp(op, attributes, inputs, count);
      held += made.length;
      return made;
    },
    createTensor: (shape, dtype, values) => {
      held++;
      return real.createTensor(shape, dtype, values);
    },
    deleteTensor: (id) => {
      held--;
      real.deleteTensor(id);
    },
  };
  engine.binding = Object.create(real, Object.getOwnPropertyDescriptors(watched)) as Binding;
  return {
    take() {
      const taken = held;
      held = 0;
      return taken;
    },
    fail: (wanted) => void (failing = wanted),
    end: () => void (engine.binding = real),
  };
}
