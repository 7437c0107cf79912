/** Store, ladder, data sets and supervisor put together, as the server and the command line use them. */
import type { DatasetId, RungId } from '../../shared/config.ts';
import { resolveRun, type DatasetShape } from '../../shared/presets.ts';
import type { DatasetInfo, RunDetail, RunRequest } from '../../shared/protocol.ts';
import { Analyst } from './analyst.ts';
import { cacheFolder } from '../cache.mjs';
import { Ladder } from './ladder.ts';
import { WORKER } from './process.ts';
import { RunStore } from './store.ts';
import { Supervisor } from './supervisor.ts';

export interface WorkshopOptions {
  /** Folder of runs, made where there is none. */
  runs: string;
  /** Folder of data sets given by the user, or null. */
  dataDir: string | null;
  backend: 'auto' | RungId;
  /** The script of the training process, where it is another. */
  worker?: string;
}

export interface Workshop {
  store: RunStore;
  ladder: Ladder;
  supervisor: Supervisor;
  analyst: Analyst;
  datasets: {
    describe(): Promise<DatasetInfo[]>;
    shape(id: DatasetId): Promise<DatasetShape>;
  };
  /** Fills the request with defaults, checks it and starts the run, from the weights in the file at `weights` if given. */
  start(request: RunRequest, weights?: string): Promise<RunDetail>;
  /** Ends every process, the runs' in order; resolves when all is on disk. */
  close(): Promise<void>;
}

export async function openWorkshop({
  runs,
  dataDir,
  backend,
  worker = WORKER,
}: WorkshopOptions): Promise<Workshop> {
  const store = await RunStore.open(runs);
  const ladder = new Ladder({ requested: backend, pauseSeconds: 5, entry: worker });
  const places = { dataDir, cacheDir: cacheFolder() };
  const supervisor = new Supervisor({
    store,
    chosen: () => ladder.chosen(),
    take: (rung) => ladder.take(rung),
    requested: backend,
    worker,
    ...places,
  });
  // Loaded when first needed: drawing emoji takes a library that a start should not wait for.
  const catalogue = () => import('../datasets/catalogue.ts');
  const datasets = {
    describe: async () => (await catalogue()).describeDatasets(places),
    shape: async (id: DatasetId) => (await catalogue()).datasetShape(id, places),
  };
  const start = async (request: RunRequest, weights?: string): Promise<RunDetail> =>
    supervisor.start(resolveRun(request, await datasets.shape(request.data.dataset)), weights);
  const analyst = new Analyst();
  const close = async (): Promise<void> => {
    const stopped = supervisor.close();
    // After the runs have been told: one that waits for the choice is to end with them, not for want of an engine.
    ladder.close();
    analyst.close();
    await stopped;
  };
  return { store, ladder, supervisor, analyst, datasets, start, close };
}
