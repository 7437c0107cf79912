/** A real server under measurement, in a process of its own: `node --expose-gc --import tsx watchedServer.ts RUNG`,
 * requests on stdin (protocol.ts). Its training process keeps a diary (watchedWorker.ts). */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { shrink } from '../../server/heap.mjs';
import { buildApp } from '../../server/http/app.ts';
import { openWorkshop } from '../../server/runs/workshop.ts';
import type { RungId } from '../../shared/config.ts';
import type { ServerRequest } from './protocol.ts';

const backend = process.argv[2] as RungId;
const folder = await mkdtemp(join(tmpdir(), 'bench-feed-'));
const diary = (process.env.VANILLASCOPE_DIARY = join(folder, 'diary'));
await writeFile(diary, '');
const workshop = await openWorkshop({
  runs: join(folder, 'runs'),
  dataDir: null,
  backend,
  worker: fileURLToPath(new URL('watchedWorker.ts', import.meta.url)),
});
const app = await buildApp({
  ...workshop,
  host: '127.0.0.1',
  build: fileURLToPath(new URL('../../web/build', import.meta.url)),
});
await app.listen({ port: 0, host: '127.0.0.1' });
shrink(); // as serve does
const { port } = app.server.address() as AddressInfo;

async function answer(request: ServerRequest): Promise<unknown> {
  switch (request.do) {
    case 'start': {
      const { id } = await workshop.start({ ...request.run, backend });
      while (['queued', 'preparing'].includes(workshop.supervisor.detail(id).state)) await wait(20);
      const { state, reason, engine } = workshop.supervisor.detail(id);
      if (state === 'failed') throw new Error(reason);
      return { id, engine, diary };
    }
    case 'usage': {
      const { user, system } = process.cpuUsage();
      const { rss } = process.memoryUsage();
      return { cpuSeconds: (user + system) / 1e6, rss };
    }
    case 'memory': {
      // Twice: what the first finds dead may have held more.
      for (let i = 0; i < 2; i++) {
        globalThis.gc!();
        await wait(50);
      }
      const { rss, heapUsed, external } = process.memoryUsage();
      return { rss, held: heapUsed + external };
    }
    case 'state': {
      const { state, reason } = workshop.supervisor.detail(request.id);
      return { state, reason };
    }
  }
}

const say = (message: unknown): boolean => process.stdout.write(`${JSON.stringify(message)}\n`);
say({ device: `http://127.0.0.1:${port}`, version: process.version });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say(await answer(JSON.parse(line) as ServerRequest));
  } catch (error) {
    say({ error: (error as Error).message.slice(0, 300) });
  }
}
await Promise.all([app.close(), workshop.supervisor.close()]);
await rm(folder, { recursive: true, force: true });
process.exit(0);
