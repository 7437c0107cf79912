/** It starts, and ends. */
import { parentPort } from 'node:worker_threads';

parentPort?.once('message', () => {
  parentPort?.postMessage('ready');
  setTimeout(() => process.exit(0), 50);
});
