/** The backends that every machine has, with the portable operations alone: what an engine adds has its own tests. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { fileURLToPath } from 'node:url';
import { resetOps } from '../../../server/nn/ops.ts';

export const PORTABLE_BACKENDS = ['cpu', 'wasm'] as const;
export type PortableBackend = (typeof PORTABLE_BACKENDS)[number];

const WASM = fileURLToPath(new URL('.', import.meta.resolve('@tensorflow/tfjs-backend-wasm')));

export async function usePortable(backend: PortableBackend): Promise<void> {
  resetOps();
  if (backend === 'wasm') setWasmPaths(WASM);
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend ${backend} here`);
  await tf.ready();
}
