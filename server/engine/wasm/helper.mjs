/**
 * A helper thread: waits for a task in the control block (layout in task.mjs), takes part after part of it until none is
 * left, and waits again. It never returns to its event loop; the thread that made it ends it. Plain JavaScript, so that
 * it starts without a loader.
 */
import { parentPort } from 'node:worker_threads';
import { ARGUMENTS, ASLEEP, at, FAULT, GENERATION, INSIDE, NEXT, OPEN, WAITING } from './task.mjs';

/** How often a helper looks for the next task before it lays itself to sleep: some hundred microseconds. Most tasks of
 * a training step follow each other more closely than the system wakes a thread. */
const PATIENCE = 100_000;

/** @typedef {{ module: WebAssembly.Module, memory: WebAssembly.Memory, control: SharedArrayBuffer }} Start */

/** @param {Start} start */
function serve({ module, memory, control }) {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = /** @type {((...args: number[]) => void)[]} */ (Object.values(instance.exports));
  const words = new Int32Array(control);
  const numbers = new Float64Array(control, at.numbers);
  parentPort?.postMessage('ready');
  let seen = 0;
  for (;;) {
    for (let i = 0; i < PATIENCE && Atomics.load(words, GENERATION) === seen; i++);
    if (Atomics.load(words, GENERATION) === seen) {
      Atomics.add(words, ASLEEP, 1);
      Atomics.wait(words, GENERATION, seen);
      Atomics.sub(words, ASLEEP, 1);
    }
    seen = Atomics.load(words, GENERATION);
    // Whoever is counted inside may read the task, as long as it is still the open one: the main thread closes it and
    // waits until nobody is inside before it writes another.
    Atomics.add(words, INSIDE, 1);
    try {
      if (Atomics.load(words, OPEN) === seen) work(kernels, words, numbers);
    } catch {
      Atomics.store(words, FAULT, 1);
    }
    Atomics.sub(words, INSIDE, 1);
    if (Atomics.load(words, WAITING) !== 0) Atomics.notify(words, INSIDE);
  }
}

/** @param {((...args: number[]) => void)[]} kernels @param {Int32Array} words @param {Float64Array} numbers */
function work(kernels, words, numbers) {
  const [place, units, grain, count] = /** @type {[number, number, number, number]} */ ([
    ...numbers.subarray(0, ARGUMENTS),
  ]);
  const args = [...numbers.subarray(ARGUMENTS, ARGUMENTS + count)];
  const kernel = /** @type {(...args: number[]) => void} */ (kernels[place]);
  for (;;) {
    const part = Atomics.add(words, NEXT, 1);
    const begin = part * grain;
    if (begin >= units) return;
    kernel(...args, begin, Math.min(units, begin + grain), part);
  }
}

parentPort?.once('message', serve);
