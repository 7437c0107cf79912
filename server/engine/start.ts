/** Starts one rung of the ladder in this process. A process has one engine; backends are loaded on demand. */
import { RUNG_IDS, type RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { EngineUnavailable, shortMessage, type Engine, type EngineOptions } from './engine.ts';

export type { Engine } from './engine.ts';

/** Sets the tfjs backend of `rung` and registers its fast operations behind nn/ops.ts. Throws ENGINE_UNAVAILABLE
 * with the reason. */
export async function startEngine(rung: RungId, options: EngineOptions): Promise<Engine> {
  try {
    switch (rung) {
      case 'tensorflow-gpu':
      case 'tensorflow':
        return await (await import('./tensorflow/start.ts')).startTensorflow(rung);
      case 'webgpu':
        return await (await import('./webgpu/start.ts')).startWebgpu(options);
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
