/** Ops of a trace as functions of TensorFlow's: it runs them without being asked for each, and side by side where they do
 * not wait for each other. */
import type { Call } from '../trace/calls.ts';
import type { Fuser } from '../trace/fuse.ts';
import { describe, FLOATS, type OpAttribute } from './attributes.ts';
import { backend, type Binding } from './execute.ts';
import { graphBytes, type GraphNode } from './graph.ts';
import type { IssuedOp } from './notes.ts';

/** TF_RESOURCE of TensorFlow's tf_datatype.h; the addon does not name it. */
const RESOURCE = 20;

const PREFIX = 'vanillascope_';
let defined = 0;

/** A function keeps no order between ops that act on the same variable: those stay outside. */
function takes({ types: { inputs, outputs } }: IssuedOp): boolean {
  const all = [...inputs, ...outputs];
  return outputs.length > 0 && all.every((type) => type !== undefined && type !== RESOURCE);
}

/** LeakyRelu(x), or LeakyReluGrad(dy, y), with its slope, at most 1, as an input: what an attribute says is said for good,
 * and TensorFlow keeps a kernel for each value of it. */
function annealedNodes(
  { op }: IssuedOp,
  name: string,
  inputs: readonly string[],
  slope: string,
  attributes: readonly OpAttribute[],
): GraphNode[] {
  const part = (part: string): string => `${name}_${part}`;
  if (op === 'LeakyRelu') {
    const [x] = inputs as [string];
    return [
      { name: part('scaled'), op: 'Mul', inputs: [x, slope], attributes },
      { name, op: 'Maximum', inputs: [x, part('scaled')], attributes },
    ];
  }
  const [dy, y] = inputs as [string, string];
  return [
    { name: part('sign'), op: 'Sign', inputs: [y], attributes },
    { name: part('factor'), op: 'Maximum', inputs: [part('sign'), slope], attributes },
    { name, op: 'Mul', inputs: [dy, part('factor')], attributes },
  ];
}

/** The nodes of a function, whose inputs are those at the places `inputs` and then, where it has annealed activations,
 * their slope; and for each of its outputs a node's number and which of that node's outputs it is. */
function nodesOf(
  binding: Binding,
  calls: readonly Call<IssuedOp>[],
  inputs: readonly number[],
  outputs: readonly number[],
): { nodes: GraphNode[]; pairs: number[]; takesSlope: boolean } {
  const names = new Map(inputs.map((place, i) => [place, `i${i}`]));
  const slope = `i${inputs.length}`;
  const pairs = new Map<number, [node: number, output: number]>();
  const types = new Map<number, number>();
  const floats = describe(binding, FLOATS).plain;
  const nodes = calls.flatMap(({ op, ...call }, n): GraphNode[] => {
    const name = `n${n}`;
    const taken = call.inputs.map((place) => names.get(place)!);
    call.inputs.forEach((place, i) => types.set(place, op.types.inputs[i]!));
    call.outputs.forEach((place, i) => {
      names.set(place, `${name}:${i}`);
      pairs.set(place, [n, i]);
    });
    if (op.slopeAt >= 0) return annealedNodes(op, name, taken, slope, floats);
    const attributes = op.attributes.filter(({ name }) => name !== '_ahead');
    return [{ name, op: op.op, inputs: taken, attributes }];
  });
  const placeholder = (name: string, type: number): GraphNode => {
    const dtype: OpAttribute = { name: 'dtype', type: binding.TF_ATTR_TYPE!, value: type };
    return { name, op: 'Placeholder', inputs: [], attributes: [dtype] };
  };
  const takesSlope = calls.some(({ op }) => op.slopeAt >= 0);
  const placeholders = inputs.map((place, i) => placeholder(`i${i}`, types.get(place)!));
  if (takesSlope) placeholders.push(placeholder(slope, binding.TF_FLOAT!));
  return {
    nodes: [...placeholders, ...nodes],
    pairs: outputs.flatMap((place) => pairs.get(place)!),
    takesSlope,
  };
}

function fuse(
  binding: Binding,
  calls: readonly Call<IssuedOp>[],
  inputs: readonly number[],
  outputs: readonly number[],
): IssuedOp | null {
  const { nodes, pairs, takesSlope } = nodesOf(binding, calls, inputs, outputs);
  const op = `${PREFIX}${defined++}`;
  const count = inputs.length + Number(takesSlope);
  try {
    binding.defineFunction!(graphBytes(binding, nodes), op, count, Int32Array.from(pairs));
  } catch {
    // What each op by itself did, they still do.
    return null;
  }
  return {
    op,
    attributes: describe(binding, NONE).ahead,
    slopeAt: -1,
    takesSlope,
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
