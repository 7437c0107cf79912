/** What a training step pays for being watchable while nobody watches. */
import * as tf from '@tensorflow/tfjs-core';
import { Taps } from '../../server/nn/taps.ts';
import { Boundary } from '../../server/training/boundary.ts';
import { LiveBudget } from '../../server/training/budget.ts';
import { TrainerControl } from '../../server/training/control.ts';
import type { TrainerEvent } from '../../server/training/messages.ts';
import { Pace } from '../../server/training/pace.ts';
import type { NetworkConfig } from '../../shared/config.ts';
import { describeTaps } from '../../shared/network.ts';
import type { Idle } from './protocol.ts';
import { median } from './table.ts';

const REPEATS = 5;

/** Seconds of a call, the median of some loops of it. */
async function each(calls: number, work: () => void | Promise<void>): Promise<number> {
  const loops: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const begin = performance.now();
    for (let i = 0; i < calls; i++) await work();
    loops.push((performance.now() - begin) / 1000 / calls);
  }
  return median(loops);
}

async function nothing(events: AsyncGenerator<TrainerEvent>): Promise<void> {
  for await (const { type } of events) throw new Error(`an event '${type}' nobody asked for`);
}

/** What a step does for viewers, of whom there are none: see Training's loop. */
export async function measureIdle(network: NetworkConfig): Promise<Idle> {
  const ids = describeTaps(network, false).map(({ id }) => id);
  const value = tf.scalar(1);
  const taps = new Taps();
  const fire = (): void => {
    for (const id of ids) taps.fire(id, value);
  };
  const many = 1000;
  const rounds = (): void => {
    for (let i = 0; i < many; i++) fire();
  };
  const unused = (await each(20, rounds)) / many;
  for (const id of ids) taps.register(id, () => undefined, ids);
  const used = (await each(20, rounds)) / many;
  value.dispose();
  const boundary = new Boundary({
    control: new TrainerControl(),
    pace: new Pace({ epochs: 1, stepsPerEpoch: 1 }),
    budget: new LiveBudget(),
    frame: () => Promise.reject(new Error('nobody watches')),
  });
  const look = await each(1000, async () => {
    await nothing(boundary.attend());
    await nothing(boundary.follow());
    boundary.stepDone();
  });
  return { taps: ids.length, unused, used, boundary: look };
}
