/** Ops of a trace as functions of TensorFlow's: it runs them without being asked for each, and side by side where they do
 * not wait for each other. */
import type { Call } from '../trace/calls.ts';
import type { Fuser } from '../trace/fuse.ts';
import { describe, type OpAttribute } from './attributes.ts';
import { backend, type Binding } from './execute.ts';
import { graphBytes, type GraphNode } from './graph.ts';
import type { IssuedOp } from './notes.ts';

/** TF_RESOURCE of TensorFlow's tf_datatype.h; the addon does not name it. */
const RESOURCE = 20;

const PREFIX = 'vanillascope_';
let defined = 0;

/** A function keeps no order between ops that act on the same variable, and what an attribute says for good: both stay
 * outside. */
function takes({ slopeAt, types: { inputs, outputs } }: IssuedOp): boolean {
  const all = [...inputs, ...outputs];
  return slopeAt < 0 && outputs.length > 0 && all.every((type) => type !== undefined && type !== RESOURCE);
}

/** The nodes of a function, and for each of its outputs a node's number and which of that node's outputs it is. */
function nodesOf(
  binding: Binding,
  calls: readonly Call<IssuedOp>[],
  inputs: readonly number[],
  outputs: readonly number[],
): { nodes: GraphNode[]; pairs: number[] } {
  const names = new Map(inputs.map((place, i) => [place, `i${i}`]));
  const pairs = new Map<number, [node: number, output: number]>();
  const types = new Map<number, number>();
  const nodes = calls.map(({ op, ...call }, n): GraphNode => {
    const node = {
      name: `n${n}`,
      op: op.op,
      inputs: call.inputs.map((place) => names.get(place)!),
      attributes: op.attributes.filter(({ name }) => name !== '_ahead'),
    };
    call.inputs.forEach((place, i) => types.set(place, op.types.inputs[i]!));
    call.outputs.forEach((place, i) => {
      names.set(place, `n${n}:${i}`);
      pairs.set(place, [n, i]);
    });
    return node;
  });
  const placeholders = inputs.map((place, i): GraphNode => {
    const dtype: OpAttribute = { name: 'dtype', type: binding.TF_ATTR_TYPE!, value: types.get(place)! };
    return { name: `i${i}`, op: 'Placeholder', inputs: [], attributes: [dtype] };
  });
  return { nodes: [...placeholders, ...nodes], pairs: outputs.flatMap((place) => pairs.get(place)!) };
}

function fuse(
  binding: Binding,
  calls: readonly Call<IssuedOp>[],
  inputs: readonly number[],
  outputs: readonly number[],
): IssuedOp | null {
  const { nodes, pairs } = nodesOf(binding, calls, inputs, outputs);
  const op = `${PREFIX}${defined++}`;
  try {
    binding.defineFunction!(graphBytes(binding, nodes), op, inputs.length, Int32Array.from(pairs));
  } catch {
    // What each op by itself did, they still do.
    return null;
  }
  return {
    op,
    attributes: describe(binding, NONE).ahead,
    slopeAt: -1,
    count: outputs.length,
    types: { inputs: [], outputs: [] },
  };
}

const NONE = {};

/** Null where the addon has no functions. On a GPU they are not tried: numbers that lie in the processor's memory would be
 * looked for on the device. */
export function fuser(): Fuser<IssuedOp> | null {
  const { binding, isUsingGpuDevice } = backend();
  if (!binding.defineFunction || isUsingGpuDevice) return null;
  return {
    takes,
    fuse: (...work) => fuse(binding, ...work),
    drop({ op }) {
      if (op.startsWith(PREFIX)) binding.removeFunction!(op);
    },
  };
}
