/**
 * The training process, with a diary for the bench: one JSON line for each step, live frame and epoch, appended to the
 * file that VANILLASCOPE_DIARY names. Times are milliseconds since 1970, as all processes of the machine count them.
 */
import { appendFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { VanillaNet } from '../../server/nn/vanillanet.ts';
import type { TrainerEvent } from '../../server/training/messages.ts';
import { decodeFrame } from '../../shared/frame.ts';
import { clock, type DiaryEntry } from './diary.ts';

const path = process.env.VANILLASCOPE_DIARY!;
const write = (entry: DiaryEntry): void => appendFileSync(path, `${JSON.stringify(entry)}\n`);

/** When the network was last run for maps. */
let tapped = 0;

const apply = VanillaNet.prototype.apply;
VanillaNet.prototype.apply = function (x, mode) {
  if (mode === 'train') write({ is: 'step', at: clock() });
  else tapped = clock();
  return apply.call(this, x, mode);
};

const send = process.send!.bind(process);
process.send = ((event: TrainerEvent, ...rest: unknown[]) => {
  if (event.type === 'live') write({ is: 'live', at: tapped, step: decodeFrame(event.bytes).step });
  if (event.type === 'epoch') {
    const { rss } = process.memoryUsage();
    const { numTensors } = tf.memory();
    write({ is: 'epoch', at: clock(), epoch: event.metrics.epoch, rss, tensors: numTensors });
  }
  return (send as (...values: unknown[]) => boolean)(event, ...rest);
}) as typeof process.send;

await import('../../server/worker.ts');
