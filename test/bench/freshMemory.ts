/** What fresh memory costs on a machine: where it is dear, as on some virtual ones, everything that allocates (a process's
 * start, a canvas that grows) is slow. */
import { median } from './table.ts';

const PAGE = 4096;
const BYTES = 64 * 2 ** 20;
const ROUNDS = 5;

/** Microseconds until 4 KiB that no one has used yet can be written to, median of five. */
export function freshMemory(): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const bytes = new Uint8Array(BYTES);
    const begin = performance.now();
    for (let at = 0; at < BYTES; at += PAGE) bytes[at] = 1;
    return performance.now() - begin;
  });
  return (1000 * median(times)) / (BYTES / PAGE);
}
