/** How processes that live for hours keep V8's heaps small. Plain JavaScript, since set-up reads it too. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Node's flags for a process whose main heap has a young generation of two halves of so many MiB at most. By default
 * that of every heap (main thread, the loader's, each helper's) grows to 32 MiB while a program loads, and stays so for
 * a minute or an hour; for threads, smallThreads.mjs sets less.
 * @param {number} half a power of two
 * @returns {readonly string[]} */
const flags = (half) => [
  `--max-semi-space-size=${half}`,
  '--import',
  new URL('smallThreads.mjs', import.meta.url).href,
];

/** For the server, which does little for itself; collecting on several threads would take the training's processors from
 * it, for no more than a millisecond's work. */
export const SERVER_HEAPS = [...flags(1), '--single-threaded-gc'];
/** For training, whose every step leaves a batch behind: in smaller halves, garbage takes it noticeably more time. */
export const TRAINING_HEAPS = flags(8);

/** @type {((options?: object) => void) | undefined} */
let known;

/** The collector, which V8 shows only where it is asked for. */
function collector() {
  if (!known) {
    setFlagsFromString('--expose-gc');
    known = /** @type {(options?: object) => void} */ (runInNewContext('gc'));
  }
  return known;
}

/** Collects all garbage of this thread's heap: for the moment after arrays were dropped that had grown old. V8 counts
 * them by what they take in its heap, and would wait until there are many. */
export function collect() {
  collector()();
}

/** Collects, and gives the memory back, which V8 would do late: for the end of a start, which leaves more behind than
 * anything after it. Takes some 30 ms, from Node 22 on some 100. */
export function shrink() {
  collect();
  // From Node 22 on, V8 keeps the free pages unless it is told so; Node 20 takes this for a small collection.
  collector()({ type: 'major', flavor: 'last-resort' });
}
