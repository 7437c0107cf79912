/** Where the time of a training step goes: by kernel, and outside of all. */
import * as tf from '@tensorflow/tfjs-core';
import type { TensorflowBackend } from '../../server/engine/tensorflow/execute.ts';
import { median } from './table.ts';

export type KernelTime = [kernel: string, milliseconds: number, calls: number];

export interface Profile {
  /** Milliseconds of a step, median. */
  step: number;
  /** Share of a step that passes outside of all kernels, median: 0 to 1. */
  outside: number;
  /** A step's kernels, the longest first. */
  kernels: KernelTime[];
}

const STEPS = 7;

type Spend = (kernel: string, milliseconds: number) => void;

/** Runs `step` several times. */
export async function profileSteps(step: () => Promise<void>): Promise<Profile> {
  const times: number[] = [];
  const outside: number[] = [];
  const all = new Map<string, { milliseconds: number[]; calls: number }>();
  for (let i = 0; i < STEPS; i++) {
    const one = new Map<string, [milliseconds: number, calls: number]>();
    const spend: Spend = (kernel, milliseconds) => {
      const [sum, calls] = one.get(kernel) ?? [0, 0];
      one.set(kernel, [sum + milliseconds, calls + 1]);
    };
    const begin = performance.now();
    await ('binding' in tf.backend() ? ofTensorflow(step, spend) : ofTfjs(step, spend));
    const time = performance.now() - begin;
    times.push(time);
    outside.push(1 - [...one.values()].reduce((sum, [milliseconds]) => sum + milliseconds, 0) / time);
    for (const [kernel, [milliseconds, calls]] of one)
      all.set(kernel, { milliseconds: [...(all.get(kernel)?.milliseconds ?? []), milliseconds], calls });
  }
  const kernels = [...all].map(([kernel, { milliseconds, calls }]): KernelTime => [
    kernel,
    median(milliseconds),
    calls,
  ]);
  kernels.sort((a, b) => b[1] - a[1]);
  return { step: median(times), outside: median(outside), kernels };
}

/** By tfjs's own profiler. Scopes, which hold other kernels, are left out. */
async function ofTfjs(step: () => Promise<void>, spend: Spend): Promise<void> {
  const { kernels } = await tf.profile(async () => {
    await step();
    return [];
  });
  for (const { name, kernelTimeMs } of kernels)
    if (name !== 'unnamed scope' && name !== 'forward' && !name.endsWith('__op'))
      spend(name, Number(await kernelTimeMs));
}

/** tfjs sees only some of TensorFlow's ops, and the addon all of them. Each is waited for: without the word `_ahead` the
 * addon does. */
async function ofTensorflow(step: () => Promise<void>, spend: Spend): Promise<void> {
  const backend = tf.backend() as { -readonly [Key in keyof TensorflowBackend]: TensorflowBackend[Key] };
  const { binding } = backend;
  const executeOp: typeof binding.executeOp = (name, attributes, ...rest) => {
    const waiting = attributes.filter((attribute) => attribute.name !== '_ahead');
    const begin = performance.now();
    const outputs = binding.executeOp(name, waiting, ...rest);
    spend(name, performance.now() - begin);
    return outputs;
  };
  // The addon's own properties can't be replaced.
  backend.binding = Object.create(binding, { executeOp: { value: executeOp } }) as typeof binding;
  try {
    await step();
  } finally {
    backend.binding = binding;
  }
}
