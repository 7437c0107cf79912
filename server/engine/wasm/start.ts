/** WebAssembly with SIMD: XNNPACK's kernels, in every Node. */
import * as tf from '@tensorflow/tfjs-core';
import { join, sep } from 'node:path';
import { useBackend } from '../backend.ts';
import { ScopeError } from '../../../shared/errors.ts';
import { provideOps } from '../../nn/ops.ts';
import type { Engine } from '../engine.ts';
import { packageFolder, packageVersion, processor } from '../packages.ts';
import { replaceBiasAdd } from './biasAdd.ts';
import { loadKernels } from './heap.ts';
import { wasmOps } from './ops.ts';
import { loadBackend } from './sharedMemory.ts';
import { threadCount } from './threadCount.ts';
import { Threads } from './threads.ts';
import { replaceCopies } from './views.ts';

/** Emscripten rethrows from its own process listeners, so that Node prints the bundle's source line, 100 kB of it.
 * Whatever listeners the load adds are taken away again: errors then take Node's usual way. */
async function withoutNewListeners(load: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => new Set(process.listeners(event as 'uncaughtException')));
  try {
    await load();
  } finally {
    events.forEach((event, i) => {
      for (const listener of process.listeners(event as 'uncaughtException'))
        if (!before[i]!.has(listener)) process.removeListener(event, listener);
    });
  }
}

/** Near 4 GB the allocator gives address 0, or a block that ends beyond the memory, and tfjs would go on and overwrite
 * what is there. */
function refuseOverflow(): void {
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc: (bytes: number) => number; _free: (address: number) => void; HEAPU8: Uint8Array };
  };
  wasm._free(wasm._malloc(16)); // Emscripten's functions replace themselves at their first call
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = allocate(bytes) >>> 0;
    if (address === 0 || address + bytes > wasm.HEAPU8.length)
      throw new ScopeError(
        'OUT_OF_MEMORY',
        `wasm's memory is full: ${bytes} bytes more are not to be had; a smaller batch or network is needed`,
        { field: 'training.batchSize' },
      );
    return address;
  };
}

/** The backend, with the kernels on its memory where the machine has SIMD; whether it has. */
async function load(threads: Threads): Promise<boolean> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  const folder = join(packageFolder('@tensorflow/tfjs-backend-wasm'), 'dist') + sep;
  wasm.setWasmPaths(folder, true);
  const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) as boolean;
  const binary = `${folder}tfjs-backend-wasm${simd ? '-simd' : ''}.wasm`;
  await loadBackend(binary, threads.count > 1, () => useBackend('wasm'));
  refuseOverflow();
  replaceCopies();
  if (simd) {
    await loadKernels(threads);
    replaceBiasAdd();
    provideOps(wasmOps);
  } else await threads.end();
  return simd;
}

export async function startWasm(): Promise<Engine> {
  const threads = new Threads(threadCount() - 1); // the helpers start while the rest is loaded
  let simd = false;
  try {
    await withoutNewListeners(async () => {
      simd = await load(threads);
    });
  } catch (error) {
    await threads.end();
    throw error;
  }
  const { count } = threads;
  const parts = [processor(), simd ? 'SIMD' : 'no SIMD', count === 1 ? '1 thread' : `${count} threads`];
  return {
    rung: 'wasm',
    device: parts.join(', '),
    version: packageVersion('@tensorflow/tfjs-backend-wasm'),
    onFatal: () => undefined,
  };
}
