/** Preloaded before anything makes a thread (heap.mjs): flags set now hold for the heaps of threads to come, of which each
 * would else grow a young generation like the main thread's. The loader's thread fills its own once and keeps it. */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--max-semi-space-size=1');
