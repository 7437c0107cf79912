/** Snapshots of a short real run on `shapes`: what they take on disk, and how long writing and reading them takes. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadShapes } from '../../server/datasets/shapes.ts';
import { Snapshots, unpackFrame } from '../../server/runs/snapshots.ts';
import { TrainerControl } from '../../server/training/control.ts';
import { train } from '../../server/training/trainer.ts';
import type { RungId } from '../../shared/config.ts';
import { decodeFrame } from '../../shared/frame.ts';
import { resolveRun } from '../../shared/presets.ts';

const EPOCHS = 5;
const MANY = 200;
const OPENINGS = 5;

export interface StoreResult {
  snapshots: number;
  /** Values recorded in a snapshot of the deep network. */
  activations: number;
  /** Bytes of an encoded frame before compression, and on disk, for each activation; all snapshots together. */
  encodedBytesPerActivation: number;
  bytesPerActivation: number;
  /** Seconds to compress and write each snapshot, and to read, unpack and decode each. */
  write: number[];
  read: number[];
  /** Seconds to list the snapshots of a run just opened that has two of them, and many. */
  openTwo: number[];
  openMany: number[];
  many: number;
}

type SnapshotEvent = { id: string; epoch: number; lambda: number; merged: boolean; bytes: Uint8Array };

async function recordRun(preset: string, rung: RungId): Promise<SnapshotEvent[]> {
  const dataset = loadShapes(1);
  const config = resolveRun(
    { preset, data: { dataset: 'shapes' }, training: { epochs: EPOCHS } },
    dataset.shape,
  );
  const events: SnapshotEvent[] = [];
  const options = { config, dataset, rung, engine: rung, control: new TrainerControl(), resume: null };
  for await (const event of train(options)) {
    if (event.type === 'failure') throw new Error(event.message);
    if (event.type === 'snapshot') events.push(event);
  }
  return events;
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
};

export async function measureStore(preset: string, rung: RungId): Promise<StoreResult> {
  const events = await recordRun(preset, rung);
  const folder = await mkdtemp(join(tmpdir(), 'bench-store-'));
  try {
    const store = new Snapshots(folder);
    const result = { write: [] as number[], read: [] as number[], stored: 0, encoded: 0, activations: 0 };
    for (const { bytes, ...event } of events) {
      const { id, epoch, lambda, merged } = event;
      result.write.push(await seconds(() => store.add({ id, epoch, lambda, merged }, bytes)));
      result.encoded += bytes.length;
      result.activations += valuesOf(bytes);
    }
    for (const info of await store.list()) {
      result.stored += info.bytes;
      result.read.push(await seconds(async () => unpackFrame((await store.read(info.id)).bytes)));
    }
    return {
      snapshots: events.length,
      activations: valuesOf(events[0]!.bytes),
      encodedBytesPerActivation: result.encoded / result.activations,
      bytesPerActivation: result.stored / result.activations,
      write: result.write,
      read: result.read,
      openTwo: await openings(join(folder, 'two'), events[0]!, 2),
      openMany: await openings(join(folder, 'many'), events[0]!, MANY),
      many: MANY,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const valuesOf = (bytes: Uint8Array): number =>
  decodeFrame(bytes).taps.reduce((sum, tap) => sum + tap.values.length, 0);

async function openings(folder: string, event: SnapshotEvent, count: number): Promise<number[]> {
  await mkdir(folder);
  const store = new Snapshots(folder);
  for (let epoch = 0; epoch < count; epoch++) {
    const { lambda, merged } = event;
    await store.add({ id: String(epoch), epoch, lambda, merged }, event.bytes);
  }
  const times: number[] = [];
  for (let i = 0; i < OPENINGS; i++) times.push(await seconds(() => new Snapshots(folder).list()));
  return times;
}
