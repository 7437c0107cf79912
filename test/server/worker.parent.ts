/** A parent to be killed: starts a long training and tells the process id of its worker once that trains. */
import { fork } from 'node:child_process';
import type { TrainerCommand, TrainerEvent } from '../../server/training/messages.ts';
import { tinyConfig } from './training/tiny.ts';

const [workerPath, cacheDir] = process.argv.slice(2) as [string, string];
const worker = fork(workerPath, [], { execArgv: process.execArgv, serialization: 'advanced' });
worker.on('message', (event) => {
  if ((event as TrainerEvent).type === 'epoch') process.send!(worker.pid);
});
const start: TrainerCommand = {
  type: 'start',
  config: { ...tinyConfig({ training: { epochs: 5000 } }), backend: 'wasm' },
  rung: 'wasm',
  allowSoftware: false,
  dataDir: null,
  cacheDir,
  resume: null,
};
worker.send(start);
