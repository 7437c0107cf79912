/** A run's folder, and what is written into it. */
import { encodeFrame } from '../../../shared/frame.ts';
import type { EpochMetrics } from '../../../shared/protocol.ts';
import type { RunFolder } from '../../../server/runs/folder.ts';
import { RunStore } from '../../../server/runs/store.ts';
import { configure } from './helper.ts';

/** What an epoch measured. */
export const metrics = (epoch: number, testAccuracy = 0.5): EpochMetrics => ({
  epoch,
  lambda: 1,
  learningRate: 0.1,
  trainLoss: 1,
  trainAccuracy: 0.5,
  testLoss: 1,
  testAccuracy,
  merged: false,
  seconds: 1,
  imagesPerSecond: 10,
});
/** A frame without taps, at λ = 0.25. */
export const frameOf = (epoch: number): Uint8Array =>
  encodeFrame({
    epoch,
    step: 0,
    lambda: 0.25,
    merged: false,
    loss: null,
    accuracy: null,
    probes: [],
    taps: [],
  });

/** A run that has ended, written by a store of its own. */
export async function endedRun(path: string, name = 'a run'): Promise<RunFolder> {
  const folder = await (await RunStore.open(path)).create(configure(name));
  Object.assign(folder.record, { state: 'finished', owner: null, epoch: 3 });
  await folder.save();
  return folder;
}
