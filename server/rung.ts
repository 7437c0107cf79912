/** A process that tries one rung and reports: `node --import tsx server/rung.ts RUNG [allow-software]`. Native code
 * that crashes or hangs takes only this process with it. */
import type { RungId } from '../shared/config.ts';
import type { RungReport } from '../shared/protocol.ts';
import { RUNG_IDS } from '../shared/rungs.ts';
import { reasonOf, RUNG_TITLES } from './engine/engine.ts';
import { startEngine } from './engine/start.ts';

async function report(id: RungId, allowSoftware: boolean): Promise<RungReport> {
  const base = { id, title: RUNG_TITLES[id], remedy: '' };
  try {
    const engine = await startEngine(id, { allowSoftware });
    const { device, version } = engine;
    try {
      const { selfTest } = await import('./engine/selftest.ts');
      const begin = performance.now();
      await Promise.race([
        selfTest(),
        new Promise<never>((_, reject) => {
          engine.onFatal(reject);
        }),
      ]);
      const seconds = (performance.now() - begin) / 1000;
      return { ...base, device, version, verdict: 'passed', reason: 'loss and gradients are right', seconds };
    } catch (error) {
      return { ...base, ...reasonOf(error), device, version, seconds: null };
    }
  } catch (error) {
    return { ...base, version: null, ...reasonOf(error), seconds: null };
  }
}

const id = process.argv[2] as RungId;
if (!RUNG_IDS.includes(id) || !process.send) {
  console.error(`rung.ts is started by the ladder with one of ${RUNG_IDS.join(', ')}`);
  process.exit(2);
}
process.on('disconnect', () => process.exit(1));
const result = await report(id, process.argv[3] === 'allow-software');
process.send(result, () => process.exit(0));
