/** The measured process of one rung: `node --import tsx engineProcess.ts RUNG`, requests on stdin (protocol.ts). */
import { createInterface } from 'node:readline';
import { startEngine } from '../../server/engine/start.ts';
import type { RungId } from '../../shared/config.ts';
import { measureIdle } from './measureIdle.ts';
import { measureSnapshot } from './measureSnapshot.ts';
import type * as Store from './measureStore.ts';
import type { Request } from './protocol.ts';
import { Workload } from './workload.ts';

const engine = await startEngine(process.argv[2] as RungId, { allowSoftware: true });
engine.onFatal((error) => {
  throw error;
});
let workload: Workload | undefined;

async function answer(request: Request): Promise<unknown> {
  switch (request.do) {
    case 'prepare':
      workload?.dispose();
      workload = new Workload(request);
      await workload.warm();
      return { parameters: workload.parameters };
    case 'window':
      return workload!.window(request.seconds);
    case 'frame':
      return workload!.frame(request);
    case 'idle':
      return measureIdle(workload!.network);
    case 'snapshot':
      return measureSnapshot(await workload!.snapshot());
    case 'profile':
      return workload!.profile();
    case 'dispatches':
      return workload!.dispatches();
    case 'store': {
      // By its address: a bundle leaves the data sets and their libraries out.
      const { href } = new URL('./measureStore.ts', import.meta.url);
      return ((await import(href)) as typeof Store).measureStore(request.preset, engine.rung);
    }
  }
}

const say = (message: unknown): boolean => process.stdout.write(`${JSON.stringify(message)}\n`);
say({ device: engine.device, version: engine.version });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say(await answer(JSON.parse(line) as Request));
  } catch (error) {
    say({ error: (error as Error).message.slice(0, 300) });
  }
}
process.exit(0);
