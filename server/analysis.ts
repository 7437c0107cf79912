/** The analysis process: one task in, one answer out over the channel of `fork`, then it ends, unless it records
 * images: of those the next one is likely to follow. Its memory, its engine and its crashes are its own. */
import { readFile, writeFile } from 'node:fs/promises';
import type { RungId } from '../shared/config.ts';
import { startEngine, type Engine } from './engine/start.ts';
import { mergeWeights, recordImage, reportMerge } from './training/analysis.ts';
import { failureEvent } from './training/failure.ts';
import type { AnalysisAnswer, AnalysisTask } from './training/tasks.ts';

let engine: Promise<Engine> | null = null;

function end(message: AnalysisAnswer): void {
  process.send!(message, undefined, {}, () => process.exit(message.type === 'failure' ? 1 : 0));
}

const fail = (error: unknown): void => end(failureEvent(error));

/** A run may come from a machine with another engine. */
async function start(rung: RungId): Promise<Engine> {
  const options = { allowSoftware: true };
  const engine = await startEngine(rung, options).catch((error: unknown) => {
    if (rung === 'wasm') throw error;
    return startEngine('wasm', options);
  });
  engine.onFatal(fail);
  return engine;
}

async function work(task: AnalysisTask): Promise<AnalysisAnswer> {
  await (engine ??= start(task.rung));
  const weights = await readFile(task.weights);
  if (task.type === 'report')
    return { type: 'report', report: await reportMerge(weights, await readFile(task.probes)) };
  if (task.type === 'record') return { type: 'recorded', bytes: await recordImage(weights, task) };
  await writeFile(task.out, await mergeWeights(weights));
  return { type: 'merged' };
}

/** An image that can't be recorded at one snapshot may be at the next: that failure does not end the process. */
async function record(task: AnalysisTask): Promise<void> {
  const message = await work(task).catch(failureEvent);
  process.send!(message);
}

if (!process.send) {
  console.error('This is the analysis process of vanillascope; the server starts it.');
  process.exit(2);
}
process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => undefined);
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
process.on('message', (task: AnalysisTask) =>
  task.type === 'record' ? void record(task) : void work(task).then(end, fail),
);
