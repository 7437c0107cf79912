/** How processes that live for hours keep V8's heaps small. Plain JavaScript, since set-up reads it too. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Node's flags for them. By default the young generation of every heap (main thread, the loader's, each helper's) grows
 * to 32 MiB while a program loads, and stays so for a minute or an hour. A quarter of that costs a training step a
 * thousandth more time for garbage, an eighth half a hundredth; for threads, smallThreads.mjs sets less. */
export const SMALL_HEAPS = Object.freeze([
  '--max-semi-space-size=4',
  '--import',
  new URL('smallThreads.mjs', import.meta.url).href,
]);

/** @type {((options?: object) => void) | undefined} */
let gc;

/** The collector, which V8 shows only where it is asked for.
 * @returns {(options?: object) => void} */
function collector() {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
}

/** Collects all garbage of this thread's heap: for the moment after arrays were dropped that had grown old. V8 counts
 * them by what they take in its heap, and would wait until there are many. */
export function collect() {
  gc ??= collector();
  gc();
}

/** Collects, and gives the memory back, which V8 would do late: for the end of a start, which leaves more behind than
 * anything after it. Takes some 30 ms, from Node 22 on some 100. */
export function shrink() {
  gc ??= collector();
  gc();
  // From Node 22 on, V8 keeps the free pages unless it is told so; Node 20 takes this for a small collection.
  gc({ type: 'major', flavor: 'last-resort' });
}
