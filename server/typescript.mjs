/** How Node runs the program's TypeScript. Plain JavaScript, since set-up reads it too. */

/** Whether this Node strips types by itself, as from 22.18 on: processes then start in less time and memory than with a
 * loader. */
export const native = Boolean(/** @type {{ typescript?: unknown }} */ (process.features).typescript);

/** Node's flags for a process whose entry is TypeScript.
 * @type {readonly string[]} */
export const TYPESCRIPT = native
  ? ['--disable-warning=ExperimentalWarning'] // up to Node 24.2 every process says so
  : ['--import', import.meta.resolve('tsx')];
