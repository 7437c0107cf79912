/** A runs folder, a store and a supervisor whose runs are trained by the fake worker. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveRun, type DatasetShape } from '../../../shared/presets.ts';
import type { RunConfig } from '../../../shared/config.ts';
import type { RunRequest } from '../../../shared/protocol.ts';
import { RunStore } from '../../../server/runs/store.ts';
import { Supervisor, type SupervisorOptions } from '../../../server/runs/supervisor.ts';
import type { RunEvent } from '../../../server/runs/session.ts';

export const FAKE_WORKER = fileURLToPath(new URL('fake-worker.ts', import.meta.url));

export const SHAPES: DatasetShape = {
  id: 'shapes',
  inputSize: 16,
  inputChannels: 3,
  classes: ['disc', 'square', 'triangle'],
  allowsFlip: true,
  allowsCrop: true,
};

/** A run's configuration; the name holds the fake worker's directives. */
export function configure(name: string, epochs = 3, request: Partial<RunRequest> = {}): RunConfig {
  const training = { epochs, mergeBeforeEnd: null };
  return resolveRun({ data: { dataset: 'shapes' }, name, training, ...request }, SHAPES);
}

export interface Bench {
  path: string;
  store: RunStore;
  supervisor: Supervisor;
  events: RunEvent[];
  /** Waits for the run to reach a state. */
  reach(id: string, ...states: string[]): Promise<void>;
  close(): Promise<void>;
}

export async function createBench(options: Partial<SupervisorOptions> = {}, runs?: string): Promise<Bench> {
  const path = runs ?? (await mkdtemp(join(tmpdir(), 'vanillascope-runs-')));
  const store = await RunStore.open(path);
  const supervisor = new Supervisor({
    store,
    chosen: () => Promise.resolve('cpu'),
    requested: 'auto',
    dataDir: null,
    cacheDir: path,
    worker: FAKE_WORKER,
    ...options,
  });
  const events: RunEvent[] = [];
  supervisor.subscribe((event) => events.push(event));
  return {
    path,
    store,
    supervisor,
    events,
    reach: (id, ...states) => until(() => states.includes(supervisor.detail(id).state)),
    async close() {
      await supervisor.close();
      if (!runs) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Waits until a condition holds. */
export async function until(condition: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
