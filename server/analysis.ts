/** The analysis process: one task in, one answer out over the channel of `fork`, then it ends. Its memory, its engine
 * and its crashes are its own. */
import { readFile, writeFile } from 'node:fs/promises';
import type { RungId } from '../shared/config.ts';
import { startEngine, type Engine } from './engine/start.ts';
import { mergeWeights, reportMerge } from './training/analysis.ts';
import { failureEvent } from './training/failure.ts';
import type { AnalysisAnswer, AnalysisTask } from './training/tasks.ts';

function answer(message: AnalysisAnswer): void {
  process.send!(message, undefined, {}, () => process.exit(message.type === 'failure' ? 1 : 0));
}

const fail = (error: unknown): void => answer(failureEvent(error));

/** A run may come from a machine with another engine. */
async function start(rung: RungId): Promise<Engine> {
  try {
    return await startEngine(rung, { allowSoftware: true });
  } catch (error) {
    if (rung === 'wasm') throw error;
    return await startEngine('wasm', { allowSoftware: true });
  }
}

async function work(task: AnalysisTask): Promise<AnalysisAnswer> {
  const engine = await start(task.rung);
  engine.onFatal(fail);
  const weights = await readFile(task.weights);
  if (task.type === 'report')
    return { type: 'report', report: await reportMerge(weights, await readFile(task.probes)) };
  await writeFile(task.out, await mergeWeights(weights));
  return { type: 'merged' };
}

if (!process.send) {
  console.error('This is the analysis process of vanillascope; the server starts it.');
  process.exit(2);
}
process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => undefined);
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
process.once('message', (task: AnalysisTask) => void work(task).then(answer, fail));
