/** Starts one rung of the ladder in this process. A process has one engine; backends are loaded on demand, and tfjs only
 * once what a rung needs has been found. */
import type { RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { RUNG_IDS } from '../../shared/rungs.ts';
import { EngineUnavailable, shortMessage, type Engine, type EngineOptions } from './engine.ts';

export type { Engine } from './engine.ts';

/** Sets the tfjs backend of `rung` and registers its fast operations behind nn/ops.ts. Throws ENGINE_UNAVAILABLE
 * with the reason. */
export async function startEngine(rung: RungId, options: EngineOptions): Promise<Engine> {
  try {
    switch (rung) {
      case 'tensorflow-gpu':
      case 'tensorflow':
        return await startTensorflow(rung);
      case 'webgpu':
        return await startWebgpu(options);
      case 'wasm':
        return await (await import('./wasm/start.ts')).startWasm();
      case 'cpu':
        return await (await import('./cpu.ts')).startCpu();
    }
  } catch (error) {
    if (error instanceof ScopeError) throw error;
    throw new EngineUnavailable(rung, 'failed', shortMessage(error), { cause: error });
  }
  throw new ScopeError(
    'ENGINE_UNAVAILABLE',
    `engine '${String(rung)}' is unknown; valid are ${RUNG_IDS.join(', ')}`,
    {
      field: 'backend',
    },
  );
}

async function startTensorflow(rung: 'tensorflow-gpu' | 'tensorflow'): Promise<Engine> {
  const { findAddon } = await import('./tensorflow/addon.ts');
  const addon = findAddon(rung);
  return (await import('./tensorflow/start.ts')).startTensorflow(rung, addon);
}

async function startWebgpu(options: EngineOptions): Promise<Engine> {
  const { findAdapter } = await import('./webgpu/adapter.ts');
  const found = await findAdapter(options);
  return (await import('./webgpu/start.ts')).startWebgpu(found);
}
