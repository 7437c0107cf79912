/** A rung tried in this process: started, and its numbers held against known ones. */
import type { RungId } from '../../shared/config.ts';
import type { RungReport } from '../../shared/protocol.ts';
import { reasonOf, RUNG_TITLES, type Engine, type EngineOptions } from './engine.ts';
import { startEngine } from './start.ts';

export interface Trial {
  report: RungReport;
  /** Started, and the process's from then on; null where it did not pass. */
  engine: Engine | null;
}

/** Starts an engine and has it do the self-test. Never rejects: what went wrong stands in the report. */
export async function tryEngine(id: RungId, options: EngineOptions): Promise<Trial> {
  const base = { id, title: RUNG_TITLES[id], remedy: '' };
  let engine: Engine | null = null;
  try {
    engine = await startEngine(id, options);
    const seconds = await timedSelfTest(engine);
    const { device, version } = engine;
    const passed = { verdict: 'passed', reason: 'loss and gradients are right', seconds } as const;
    return { report: { ...base, device, version, ...passed }, engine };
  } catch (error) {
    const { device, version } = engine ?? { version: null };
    const reason = reasonOf(error);
    return {
      report: { ...base, ...reason, device: device ?? reason.device, version, seconds: null },
      engine: null,
    };
  }
}

/** Seconds that the self-test took; throws where it fails, or the engine breaks meanwhile. */
async function timedSelfTest(engine: Engine): Promise<number> {
  const { selfTest } = await import('./selftest.ts');
  const begin = performance.now();
  await Promise.race([selfTest(), new Promise<never>((_, reject) => engine.onFatal(reject))]);
  return (performance.now() - begin) / 1000;
}
