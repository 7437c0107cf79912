/** A file of cases: what a network must give, sorted into what can be computed in one go. */
import { ScopeError } from '../../shared/errors.ts';
import type { SafetensorsFile, SafetensorsTensor } from '../../shared/safetensors.ts';
import type { TapSizes } from './strides.ts';

/** Expected tensors by name: taps, gradients, running statistics or weights. */
export type Expected = Map<string, SafetensorsTensor>;

/** One forward (and backward) pass. `actLearn` is the slope between the convolutions of a pair, 1 - λ. */
export type Case =
  | { kind: 'eval'; id: string; actLearn: number; taps: Expected }
  | {
      kind: 'train';
      id: string;
      actLearn: number;
      loss: SafetensorsTensor | null;
      taps: Expected;
      gradients: Expected;
      statistics: Expected;
    }
  | { kind: 'deploy'; id: string; weights: Expected; taps: Expected };

export interface Cases {
  /** [N, C, H, W] */
  input: SafetensorsTensor & { data: Float32Array };
  /** Null where the file has none; training cases need them. */
  labels: number[] | null;
  cases: Case[];
  /** Names that say nothing to this program. */
  unknown: string[];
}

export function parseCases(file: SafetensorsFile): Cases {
  const cases = new Map<string, Case>();
  const unknown: string[] = [];
  for (const [name, tensor] of file.tensors)
    if (name !== 'input' && name !== 'labels' && !place(cases, name, tensor)) unknown.push(name);
  return { input: inputOf(file), labels: labelsOf(file), cases: [...cases.values()], unknown };
}

/** Puts a tensor into its case; false where its name is none that we know. */
function place(cases: Map<string, Case>, name: string, tensor: SafetensorsTensor): boolean {
  const deploy = /^deploy\/(weights\/)?([^/]+)$/.exec(name);
  if (deploy) {
    const found = take(cases, { kind: 'deploy', id: 'deploy', weights: new Map(), taps: new Map() });
    if (found.kind === 'deploy') (deploy[1] ? found.weights : found.taps).set(deploy[2]!, tensor);
    return true;
  }
  const pass = /^((eval|train)\/act_learn=([^/]+))\/(?:(grad|after)\/)?([^/]+)$/.exec(name);
  const actLearn = Number(pass?.[3]);
  if (!pass || !(actLearn >= 0 && actLearn <= 1)) return false;
  const [, id, kind, , part, what] = pass;
  if (kind === 'eval') {
    if (part) return false;
    const found = take(cases, { kind, id: id!, actLearn, taps: new Map() });
    if (found.kind === 'eval') found.taps.set(what!, tensor);
    return true;
  }
  const empty = { loss: null, taps: new Map(), gradients: new Map(), statistics: new Map() };
  const found = take(cases, { kind: 'train', id: id!, actLearn, ...empty });
  if (found.kind !== 'train') return false;
  if (part === 'grad') found.gradients.set(what!, tensor);
  else if (part === 'after') found.statistics.set(what!, tensor);
  else if (what === 'loss') found.loss = tensor;
  else found.taps.set(what!, tensor);
  return true;
}

function take(cases: Map<string, Case>, fresh: Case): Case {
  const found = cases.get(fresh.id) ?? fresh;
  cases.set(fresh.id, found);
  return found;
}

function inputOf(file: SafetensorsFile): Cases['input'] {
  const input = file.tensors.get('input');
  if (!input || input.shape.length !== 4 || !(input.data instanceof Float32Array))
    throw new ScopeError('INVALID_DATA', "the cases need a tensor 'input' of float32 [N, C, H, W]", {
      field: 'input',
    });
  const [, , height, width] = input.shape;
  if (height !== width)
    throw new ScopeError('INVALID_DATA', `the input's images are ${height}×${width}; square ones are valid`, {
      field: 'input',
    });
  return { ...input, data: input.data };
}

function labelsOf(file: SafetensorsFile): number[] | null {
  const labels = file.tensors.get('labels');
  return labels ? Array.from(labels.data as ArrayLike<number | bigint>, Number) : null;
}

/** The side of every map that an evaluation recorded. */
export function sizesOf({ cases }: Cases): TapSizes {
  const sizes = new Map<string, number>();
  for (const { taps } of cases)
    for (const [tap, { shape }] of taps) if (shape.length === 4) sizes.set(tap, shape[2]!);
  return sizes;
}
