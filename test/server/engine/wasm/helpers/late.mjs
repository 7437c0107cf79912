/** It joins every task that it sees, counts it in the first word of the memory, and does nothing for a while. */
import { parentPort } from 'node:worker_threads';
import { ASLEEP, GENERATION, INSIDE, OPEN, WAITING } from '../../../../../server/engine/wasm/task.mjs';

parentPort?.once('message', ({ control, memory }) => {
  const words = new Int32Array(control);
  const count = new Int32Array(memory.buffer, 0, 1);
  const nap = new Int32Array(new SharedArrayBuffer(4));
  parentPort?.postMessage('ready');
  for (let seen = 0; ; seen = Atomics.load(words, GENERATION)) {
    Atomics.add(words, ASLEEP, 1);
    Atomics.wait(words, GENERATION, seen);
    Atomics.sub(words, ASLEEP, 1);
    Atomics.add(words, INSIDE, 1);
    if (Atomics.load(words, OPEN) !== 0) {
      Atomics.add(count, 0, 1);
      Atomics.wait(nap, 0, 0, 50);
    }
    Atomics.sub(words, INSIDE, 1);
    if (Atomics.load(words, WAITING) !== 0) Atomics.notify(words, INSIDE);
  }
});
