/** What a step on WebGPU asks of the processor. The time of its kernels is the GPU's and can't be told here. */
import type * as tf from '@tensorflow/tfjs-core';
import { median } from './table.ts';

/** Of one step, medians. */
export interface Dispatches {
  dispatches: number;
  submits: number;
  /** Milliseconds from the beginning of a step until it waits for the device: JavaScript, and what Dawn does within its
   * calls to encode and submit. */
  javascript: number;
}

const STEPS = 7;

type Method = (...args: unknown[]) => unknown;

/** Counts the calls of methods that objects of a class share, until `restore`. */
export function countCalls(
  prototype: object,
  names: readonly string[],
): { readonly count: number; restore: () => void } {
  const methods = prototype as Record<string, Method>;
  const originals = names.map((name) => [name, methods[name]!] as const);
  let count = 0;
  for (const [name, original] of originals)
    methods[name] = function (this: unknown, ...args) {
      count++;
      return original.apply(this, args);
    };
  return {
    get count() {
      return count;
    },
    restore: () => {
      for (const [name, original] of originals) methods[name] = original;
    },
  };
}

/** Runs several steps. `begin` leaves a step to the device and gives the tensor that it ends with, which is read, so that
 * the device is idle when the next one begins, and disposed. */
export async function countDispatches(begin: () => tf.Tensor): Promise<Dispatches> {
  const passes = countCalls(GPUComputePassEncoder.prototype, [
    'dispatchWorkgroups',
    'dispatchWorkgroupsIndirect',
  ]);
  const queue = countCalls(GPUQueue.prototype, ['submit']);
  const steps: Dispatches[] = [];
  try {
    for (let i = 0; i < STEPS; i++) {
      const [dispatches, submits] = [passes.count, queue.count];
      const began = performance.now();
      const end = begin();
      const read = end.data();
      const javascript = performance.now() - began;
      await read;
      end.dispose();
      steps.push({ dispatches: passes.count - dispatches, submits: queue.count - submits, javascript });
    }
  } finally {
    passes.restore();
    queue.restore();
  }
  const middle = (of: keyof Dispatches): number => median(steps.map((step) => step[of]));
  return { dispatches: middle('dispatches'), submits: middle('submits'), javascript: middle('javascript') };
}
