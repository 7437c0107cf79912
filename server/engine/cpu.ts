/** The lowest rung: tfjs's kernels in plain JavaScript. Slow, always there. */
import '@tensorflow/tfjs-backend-cpu';
import { useBackend } from './backend.ts';
import type { Engine } from './engine.ts';
import { packageVersion, processor } from './packages.ts';

export async function startCpu(): Promise<Engine> {
  await useBackend('cpu');
  return {
    rung: 'cpu',
    device: processor(),
    version: packageVersion('@tensorflow/tfjs-backend-cpu'),
    onFatal: () => undefined,
  };
}
