/**
 * The training process, with a diary for the bench: one JSON line for each step, live frame and epoch, appended to the
 * file that VANILLASCOPE_DIARY names. Times are milliseconds since 1970, as all processes of the machine count them.
 */
import { appendFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { LiveBudget } from '../../server/training/budget.ts';
import type { TrainerEvent } from '../../server/training/messages.ts';
import { TapRecorder } from '../../server/training/recorder.ts';
import { TrainStep } from '../../server/training/step.ts';
import { clock, type DiaryEntry } from './diary.ts';

const path = process.env.VANILLASCOPE_DIARY!;
const lines = (entries: readonly DiaryEntry[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
/** Entries that go along with the next, so that a frame does not pay for what is written of it. */
let later: DiaryEntry[] = [];
function write(entry: DiaryEntry): void {
  appendFileSync(path, lines([...later, entry]));
  later = [];
}

const run = TrainStep.prototype.run;
TrainStep.prototype.run = function (...work) {
  write({ is: 'step', at: clock() });
  return run.apply(this, work);
};

/** When the network was last run for a live frame and after which step, and when that had been prepared; 0 once the step
 * ahead of it is done. */
let tapped = 0;
let tappedStep = 0;
let prepared = 0;

const record = TapRecorder.prototype.record;
TapRecorder.prototype.record = function (net, moment, watch, when) {
  if (!watch) return record.call(this, net, moment); // a snapshot
  tapped = clock();
  tappedStep = moment.step;
  const frame = record.call(this, net, moment, watch, when);
  prepared = clock();
  return frame;
};

/** A device that was still at the step ahead of the frame comes to the maps once that is done. */
const stepDone = LiveBudget.prototype.stepDone;
LiveBudget.prototype.stepDone = function () {
  if (prepared && clock() - prepared > 1) tapped = clock();
  prepared = 0;
  stepDone.call(this);
};

const send = process.send!.bind(process);
process.send = ((event: TrainerEvent, ...rest: unknown[]) => {
  if (event.type === 'live') later.push({ is: 'live', at: tapped, step: tappedStep });
  if (event.type === 'epoch') {
    const { rss } = process.memoryUsage();
    const { numTensors } = tf.memory();
    write({ is: 'epoch', at: clock(), epoch: event.metrics.epoch, rss, tensors: numTensors });
  }
  return (send as (...values: unknown[]) => boolean)(event, ...rest);
}) as typeof process.send;

await import('../../server/worker.ts');
