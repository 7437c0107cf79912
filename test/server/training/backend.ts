/** Backends for tests of what runs on any: plain JavaScript for a few numbers, wasm for whole networks. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { startEngine } from '../../../server/engine/start.ts';

export async function useCpu(): Promise<void> {
  await tf.setBackend('cpu');
  await tf.ready();
}

export async function useWasm(): Promise<void> {
  await startEngine('wasm', { allowSoftware: false });
}
