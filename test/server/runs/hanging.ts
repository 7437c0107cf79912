/** Processes that hang in their start, as one does whose loader's thread is gone: the main thread waits in
 * `module.register` for an answer that never comes, and hears neither its parent nor its parent's end. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';

/** Until the test has finished, lets `count` processes of Node hang that are started with this environment, after the
 * first `healthy` ones. Returns what tells the ids of all that were started so far, in order. */
export function hangStarts(count: number, healthy = 0): () => number[] {
  const folder = mkdtempSync(join(tmpdir(), 'vanillascope-hanging-'));
  const started = join(folder, 'started');
  const preload = join(folder, 'hang.mjs');
  writeFileSync(started, '');
  const hooks = `data:text/javascript,
    export const initialize = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
  writeFileSync(
    preload,
    `import { appendFileSync, readFileSync } from 'node:fs';
     import { register } from 'node:module';
     import { isMainThread } from 'node:worker_threads';
     if (isMainThread) {
       appendFileSync(${JSON.stringify(started)}, process.pid + '\\n');
       const place = readFileSync(${JSON.stringify(started)}, 'utf8').split('\\n').indexOf(String(process.pid));
       if (place >= ${healthy} && place < ${healthy + count}) register(${JSON.stringify(hooks)});
     }`,
  );
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `${before ?? ''} --import=${pathToFileURL(preload).href}`;
  const pids = (): number[] => readFileSync(started, 'utf8').split('\n').filter(Boolean).map(Number);
  onTestFinished(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
    for (const pid of pids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true });
  });
  return pids;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
