/** A folder of many runs, served: how long the server takes to open it, and to answer with the list of them. */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { EMOJI } from '../../server/datasets/emoji.ts';
import { buildApp } from '../../server/http/app.ts';
import { RunStore } from '../../server/runs/store.ts';
import { openWorkshop } from '../../server/runs/workshop.ts';
import type { RunSummary } from '../../shared/protocol.ts';
import { resolveRun } from '../../shared/presets.ts';

const RUNS = 500;
const ASKED = 15;

/** Seconds. */
export interface RunsResult {
  runs: number;
  open: number;
  /** The first reply, and all later ones. */
  first: number;
  list: number[];
}

/** A finished run of the default length, and copies of its folder; snapshots are left out, as no list opens them. */
async function fill(runs: string): Promise<void> {
  const store = await RunStore.open(runs);
  const config = resolveRun({ data: { dataset: 'emoji' } }, EMOJI);
  const { epochs } = config.training;
  const folder = await store.create(config);
  for (let epoch = 0; epoch <= epochs; epoch++)
    await folder.addMetrics({
      ...{ epoch, lambda: 1 - epoch / epochs, learningRate: 0.001, merged: false, seconds: 2 },
      ...{ trainLoss: 1, trainAccuracy: 0.5, testLoss: 1, testAccuracy: 0.5, imagesPerSecond: 2000 },
    });
  Object.assign(folder.record, { state: 'finished', owner: null, epoch: epochs });
  await folder.save();
  for (let i = 1; i < RUNS; i++) {
    const copy = join(runs, `${folder.id}-${i}`);
    await mkdir(copy);
    for (const file of [join(folder.path, 'run.json'), join(folder.path, 'metrics.jsonl')])
      await copyFile(file, join(copy, basename(file)));
  }
}

export async function measureRuns(): Promise<RunsResult> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-runs-'));
  const runs = join(folder, 'runs');
  try {
    await fill(runs);
    const begin = performance.now();
    const workshop = await openWorkshop({ runs, dataDir: null, backend: 'cpu' });
    const open = (performance.now() - begin) / 1000;
    const app = await buildApp({ ...workshop, host: '127.0.0.1', build: join(folder, 'no-build') });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const list: number[] = [];
    for (let i = 0; i <= ASKED; i++) {
      const asked = performance.now();
      const reply = await fetch(`http://127.0.0.1:${port}/api/runs`);
      const summaries = (await reply.json()) as RunSummary[];
      list.push((performance.now() - asked) / 1000);
      if (summaries.length !== RUNS)
        throw new Error(`${summaries.length} runs were listed instead of ${RUNS}`);
    }
    await Promise.all([app.close(), workshop.supervisor.close()]);
    return { runs: RUNS, open, first: list[0]!, list: list.slice(1) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
