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

/** Collects the garbage of this thread's heap and gives its memory back, which V8 would do late: for the end of a start,
 * which leaves more behind than anything after it. Takes some 50 ms. */
export function shrink() {
  if (!gc) {
    setFlagsFromString('--expose-gc');
    gc = /** @type {(options?: object) => void} */ (runInNewContext('gc'));
  }
  gc();
  // From Node 22 on, V8 keeps the free pages unless it is told so; Node 20 takes it for a small collection.
  gc({ type: 'major', flavor: 'last-resort' });
}
