/** Snapshots of short real runs: what they take on disk, and how long writing and reading them takes. */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { cacheFolder } from '../../server/cache.mjs';
import { loadDataset } from '../../server/datasets/catalogue.ts';
import { Journal } from '../../server/runs/files.ts';
import { Snapshots } from '../../server/runs/snapshots.ts';
import { TrainerControl } from '../../server/training/control.ts';
import { train } from '../../server/training/trainer.ts';
import type { DatasetId, RungId } from '../../shared/config.ts';
import { decodeFrame, encodeFrame } from '../../shared/frame.ts';
import { resolveRun } from '../../shared/presets.ts';
import { SnapshotInfo } from '../../shared/protocol.ts';
import type { TrainerEvent } from '../../server/training/messages.ts';

/** Each data set's run: from before the first step through λ = 0 to the merge. */
export const TRAINED: Readonly<Partial<Record<DatasetId, { epochs: number; images: number | null }>>> = {
  shapes: { epochs: 5, images: null },
  emoji: { epochs: 6, images: 1500 },
};
const MANY = 200;
const OPENINGS = 9;

/** Seconds, or milliseconds where the name says so. */
export interface StoreResult {
  dataset: DatasetId;
  snapshots: number;
  /** Values recorded in a snapshot of the deep network. */
  activations: number;
  /** Bytes of an encoded frame before compression, and on disk, for each activation; all snapshots together. */
  encodedBytesPerActivation: number;
  bytesPerActivation: number;
  /** To pack and write each snapshot; what all threads together worked meanwhile; the longest time in which the thread
   * that serves could do nothing else. */
  write: number[];
  writeCpu: number[];
  writeBlocks: number[];
  /** To read, unpack and encode for the browser each snapshot whole, and one block of each; and the longest pause. */
  read: number[];
  readBlocks: number[];
  block: string;
  readBlock: number[];
  /** To list the snapshots of a run just opened that has two of them, and many. */
  listTwo: number[];
  listMany: number[];
  /** To open a run and read a block of one of its snapshots, with two and with many of them. */
  openTwo: number[];
  openMany: number[];
  many: number;
}

type SnapshotEvent = TrainerEvent & { type: 'snapshot' };

async function recordRun(preset: string, dataset: DatasetId, rung: RungId): Promise<SnapshotEvent[]> {
  const { epochs, images } = TRAINED[dataset]!;
  const limits = { trainLimit: images, testLimit: images, flip: false, crop: 0 };
  const options = { dataDir: null, cacheDir: cacheFolder(), seed: 1, onProgress: () => undefined };
  const data = await loadDataset({ dataset, ...limits }, options);
  const config = resolveRun({ preset, data: { dataset }, training: { epochs } }, data.shape);
  const events: SnapshotEvent[] = [];
  const control = new TrainerControl();
  for await (const event of train({ config, dataset: data, rung, engine: rung, control, resume: null })) {
    if (event.type === 'failure') throw new Error(event.message);
    if (event.type === 'snapshot') events.push(event);
  }
  return events;
}

/** How long the work took, what all threads worked, and how long at most the event loop stood still. */
async function measure(work: () => Promise<unknown>): Promise<{ took: number; cpu: number; blocks: number }> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  loop.enable();
  const begin = performance.now();
  await work();
  const took = (performance.now() - begin) / 1000;
  await new Promise((resolve) => setTimeout(resolve, 5)); // the timer that finds the last delay
  loop.disable();
  const { user, system } = process.cpuUsage(cpu);
  return { took, cpu: (user + system) / 1e6, blocks: Math.max(0, loop.max / 1e9 - 0.001) };
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => (await measure(work)).took;

async function measureRun(preset: string, dataset: DatasetId, rung: RungId): Promise<StoreResult> {
  const events = await recordRun(preset, dataset, rung);
  const folder = await mkdtemp(join(tmpdir(), 'bench-store-'));
  try {
    const store = new Snapshots(folder);
    const { id, epoch, lambda, merged, bytes } = events[0]!;
    await store.add({ id, epoch, lambda, merged }, bytes); // the thread that packs starts with the first
    const writes = [];
    for (const event of events) {
      const moment = { id: event.id, epoch: event.epoch, lambda: event.lambda, merged: event.merged };
      writes.push(await measure(() => store.add(moment, event.bytes)));
    }
    const infos = await store.list();
    const block = 'stages.0';
    const taps = decodeFrame(bytes).taps.map((tap) => tap.id);
    const ofBlock = taps.filter((tap) => tap.startsWith(`${block}.`));
    const read = (of: Snapshots, which: string, taps: string[] | null): Promise<unknown> =>
      of.open(which).then(async (stored) => encodeFrame(await stored.read({ taps })));
    const reads = [];
    const blocks = [];
    for (const [i, info] of infos.entries()) {
      const whole = encodeFrame(await (await store.open(info.id)).read());
      if (Buffer.compare(whole, events[i]!.bytes) !== 0)
        throw new Error(`snapshot ${info.id} of ${preset}, ${dataset} is not read as it was recorded`);
      reads.push(await measure(() => read(store, info.id, null)));
      blocks.push(await measure(() => read(store, info.id, ofBlock)));
    }
    const [two, many] = [join(folder, 'two'), join(folder, 'many')];
    await fill(two, store, 2);
    await fill(many, store, MANY);
    const [listTwo, listMany, openTwo, openMany]: number[][] = [[], [], [], []];
    for (let i = 0; i < OPENINGS; i++) {
      listTwo!.push(await seconds(() => new Snapshots(two).list()));
      listMany!.push(await seconds(() => new Snapshots(many).list()));
      openTwo!.push(await seconds(() => read(new Snapshots(two), '1', ofBlock)));
      openMany!.push(await seconds(() => read(new Snapshots(many), '1', ofBlock)));
    }
    const total = (of: (event: SnapshotEvent) => number): number =>
      events.reduce((sum, event) => sum + of(event), 0);
    const activations = total((event) => valuesOf(event.bytes));
    return {
      dataset,
      snapshots: events.length,
      activations: valuesOf(bytes),
      encodedBytesPerActivation: total((event) => event.bytes.length) / activations,
      bytesPerActivation: infos.reduce((sum, info) => sum + info.bytes, 0) / activations,
      write: writes.map((w) => w.took),
      writeCpu: writes.map((w) => w.cpu),
      writeBlocks: writes.map((w) => w.blocks),
      read: reads.map((r) => r.took),
      readBlocks: [...reads, ...blocks].map((r) => r.blocks),
      block,
      readBlock: blocks.map((b) => b.took),
      ...{ listTwo: listTwo!, listMany: listMany!, openTwo: openTwo!, openMany: openMany! },
      many: MANY,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const valuesOf = (bytes: Uint8Array): number =>
  decodeFrame(bytes).taps.reduce((sum, tap) => sum + tap.values.length, 0);

/** A run's snapshots: as many as asked for, copies of the first of a store. */
async function fill(folder: string, from: Snapshots, count: number): Promise<void> {
  await mkdir(folder);
  const { path } = await from.file('0');
  const info = await from.find('0');
  const infos = Array.from({ length: count }, (_, epoch) => ({ ...info, id: String(epoch), epoch }));
  for (const { id } of infos) await copyFile(path, join(folder, `${id}${extname(path)}`));
  await new Journal(join(folder, 'index.jsonl'), SnapshotInfo).replace(infos);
}

export async function measureStore(preset: string, rung: RungId): Promise<{ results: StoreResult[] }> {
  const results: StoreResult[] = [];
  for (const dataset of Object.keys(TRAINED) as DatasetId[])
    results.push(await measureRun(preset, dataset, rung));
  return { results };
}
