/** Sums over the rows of matrices [rows, channels], in two dispatches: parts of the rows, each summed by a workgroup of
 * its own, then the parts. No atomics: the same input gives the same sums. */
import * as tf from '@tensorflow/tfjs-core';
import { Kernel, specialised, type KernelSource } from './kernel.ts';

/** Invocations of a workgroup. */
const INVOCATIONS = 256;
/** Widest stretch of channels of a workgroup; its other invocations take other rows. */
const WIDEST = 32;
/** Rows that an invocation should have at least, where there are enough. */
const ROWS_EACH = 8;
/** Workgroups that keep the largest devices busy. */
export const BUSY_GROUPS = 512;

/** A line for each of so many sums. */
const lines = (sums: number, line: (i: number) => string): string =>
  Array.from({ length: sums }, (_, i) => line(i)).join('\n    ');

/** Channels side by side in a workgroup: a power of two. */
function widthFor(channels: number): number {
  let width = 1;
  while (width < channels && width < WIDEST) width *= 2;
  return width;
}

/** The parts of a kernel in which the invocations of a column, in workgroups of such a width, each sum something in
 * `each`; the first of them has all of `s0` to the last in `write`. */
function summing(
  sums: number,
  width: number,
  { each, write }: { each: string; write: string },
): Pick<KernelSource, 'size' | 'declare' | 'body'> {
  const depth = INVOCATIONS / width;
  return {
    size: [width, depth],
    declare: `var<workgroup> shared_sums: array<f32, ${INVOCATIONS}>;`,
    body: `
  let c = group.x * ${width}u + local.x;
  ${lines(sums, (i) => `var s${i} = 0.0;`)}
  if (c < p.channels) {
    ${each}
  }
  ${lines(
    sums,
    (i) => `
  shared_sums[index] = s${i};
  workgroupBarrier();
  if (local.y == 0u) { for (var k = 1u; k < ${depth}u; k++) { s${i} += shared_sums[k * ${width}u + local.x]; } }
  workgroupBarrier();`,
  )}
  if (local.y == 0u && c < p.channels) {
    ${write}
  }`,
  };
}

export interface ColumnSums<Param extends string> {
  name: string;
  inputs: readonly string[];
  params: Readonly<Record<Param, 'u32' | 'f32'>>;
  /** How many sums there are of each channel. */
  sums: number;
  /** What is the same for all rows of the channel `c`. */
  before?: string;
  /** Adds to `s0`, `s1` … what row `r` gives; its value stands at place `at`. */
  each: string;
}

/** Sums of each channel over parts of the rows: [parts, sums, channels]. */
export function columnSums<Param extends string>({
  name,
  inputs,
  params,
  sums,
  before = '',
  each,
}: ColumnSums<Param>): (
  inputs: readonly tf.Tensor[],
  rows: number,
  channels: number,
  params: Readonly<Record<Param, number>>,
) => tf.Tensor {
  const kernelOf = specialised((width: number) => {
    const source: KernelSource = {
      name: `${name}/${width}`,
      inputs,
      outputs: ['parts'],
      params: { ...params, rows: 'u32', channels: 'u32', part: 'u32' },
      ...summing(sums, width, {
        each: `
    ${before}
    let end = min(p.rows, (group.y + 1u) * p.part);
    for (var r = group.y * p.part + local.y; r < end; r += ${INVOCATIONS / width}u) {
      let at = r * p.channels + c;
      ${each}
    }`,
        write: `
    let to = group.y * ${sums}u * p.channels + c;
    ${lines(sums, (i) => `parts[to + ${i}u * p.channels] = s${i};`)}`,
      }),
    };
    return new Kernel(source);
  });
  return (tensors, rows, channels, values) => {
    const width = widthFor(channels);
    const across = Math.ceil(channels / width);
    const wanted = Math.ceil(rows / ((INVOCATIONS / width) * ROWS_EACH));
    const part = Math.ceil(rows / Math.min(wanted, Math.ceil(BUSY_GROUPS / across)));
    const parts = Math.ceil(rows / part);
    const kernel = kernelOf(width);
    const all = { ...values, rows, channels, part };
    return kernel.run(tensors, [[parts, sums, channels]], all, [across, parts, 1])[0]!;
  };
}

export interface ColumnTotals<Param extends string> {
  name: string;
  /** Beside the parts. */
  inputs: readonly string[];
  /** By name how many values of each channel they have: one value of all channels stands behind the other. */
  outputs: Readonly<Record<string, number>>;
  params: Readonly<Record<Param, 'u32' | 'f32'>>;
  sums: number;
  /** Writes the outputs of channel `c` from the totals `s0`, `s1` … */
  write: string;
}

/** Adds the parts of `columnSums` and makes of the totals what is wanted: vectors [values · channels]. */
export function columnTotals<Param extends string>({
  name,
  inputs,
  outputs,
  params,
  sums,
  write,
}: ColumnTotals<Param>): (
  parts: tf.Tensor,
  inputs: readonly tf.Tensor[],
  params: Readonly<Record<Param, number>>,
) => tf.Tensor[] {
  const kernel = new Kernel({
    name,
    inputs: ['parts', ...inputs],
    outputs: Object.keys(outputs),
    params: { ...params, parts_count: 'u32', channels: 'u32' } as Readonly<Record<string, 'u32' | 'f32'>>,
    ...summing(sums, WIDEST, {
      each: `
    for (var k = local.y; k < p.parts_count; k += ${INVOCATIONS / WIDEST}u) {
      let at = k * ${sums}u * p.channels + c;
      ${lines(sums, (i) => `s${i} += parts[at + ${i}u * p.channels];`)}
    }`,
      write,
    }),
  });
  return (parts, tensors, values) => {
    const [count, , channels] = parts.shape as [number, number, number];
    const all = { ...values, parts_count: count, channels };
    const shapes = Object.values(outputs).map((values) => [values * channels]);
    return kernel.run([parts, ...tensors], shapes, all, [Math.ceil(channels / WIDEST), 1, 1]);
  };
}

const total = columnTotals({
  name: 'total',
  inputs: [],
  outputs: { sum: 1 },
  params: {},
  sums: 1,
  write: 'sum[c] = s0;',
});

/** Parts [parts, …] added: the shape without its first side, or `shape`. */
export function addParts(parts: tf.Tensor, shape: readonly number[] = parts.shape.slice(1)): tf.Tensor {
  const [count] = parts.shape as [number];
  if (count === 1) return tf.reshape(parts, shape as number[]);
  const flat = tf.reshape(parts, [count, 1, parts.size / count]);
  return tf.reshape(total(flat, [], {})[0]!, shape as number[]);
}
