/** What the helpers of the tests have in common: they start, and do something wrong when a task comes. */
import { parentPort } from 'node:worker_threads';
import { ASLEEP, GENERATION, INSIDE } from '../../../../../server/engine/wasm/task.mjs';

/** @param {(words: Int32Array) => void} wrong what is done inside the first task */
export function once(wrong) {
  parentPort?.once('message', ({ control }) => {
    const words = new Int32Array(control);
    parentPort?.postMessage('ready');
    Atomics.add(words, ASLEEP, 1);
    Atomics.wait(words, GENERATION, 0);
    Atomics.add(words, INSIDE, 1);
    wrong(words);
  });
}
