/** `vanillascope serve`: the dashboard and its interface. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { RUNG_IDS } from '../../shared/rungs.ts';
import { shrink } from '../heap.mjs';

/** Options that every command with runs takes. */
export interface Places {
  runs: string;
  data?: string;
  backend: 'auto' | RungId;
}

interface ServeOptions extends Places {
  port: number;
  host: string;
  demo: boolean;
}

/** Where runs are kept unless told otherwise. */
export const RUNS = fileURLToPath(new URL('../../runs', import.meta.url));
const BUILD = fileURLToPath(new URL('../../web/build', import.meta.url));

export function register(program: Command): void {
  const command = program
    .command('serve', { isDefault: true })
    .description('serve the dashboard (what `npm start` does)')
    .option('--port <number>', 'port to listen on; 0 takes a free one', parsePort, 3000)
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1');
  addPlaces(command)
    .option('--no-demo', 'start no demo run in an empty runs folder')
    .allowExcessArguments()
    .action((options: ServeOptions, command: Command) => {
      // Serving is the default command: a misspelt one ends here.
      const [unknown] = command.args;
      const known = program.commands.map((c) => c.name()).join(', ');
      if (unknown !== undefined) command.error(`error: unknown command '${unknown}'; valid are ${known}`);
      return serve(options);
    });
}

async function serve(options: ServeOptions): Promise<void> {
  const { openWorkshop } = await import('../runs/workshop.ts');
  const { buildApp } = await import('../http/app.ts');
  const { port, host, runs, data, backend, demo } = options;
  const workshop = await openWorkshop({ runs, dataDir: data ?? null, backend });
  const app = await buildApp({ ...workshop, host, build: BUILD, log: true });
  try {
    await app.listen({ port, host });
  } catch (error) {
    throw explainListen(error as NodeJS.ErrnoException, options);
  }
  closeOnSignal(async () => {
    await Promise.all([app.close(), workshop.close()]);
  });
  const { port: bound } = app.server.address() as AddressInfo;
  console.log(`vanillascope ready at ${urlOf(host, bound)}`);
  if (host === '0.0.0.0' || host === '::')
    console.log('every machine that reaches this one can now start, stop and delete runs');

  // What takes time begins once pages are served.
  shrink();
  workshop.ladder.chosen().then(
    (rung) => console.log(`engine: ${rung}`),
    (error: ScopeError) => {
      // CONFLICT: the program ends, which it has said.
      if (error.code !== 'CONFLICT') console.error(`vanillascope: ${error.message}`);
    },
  );
  if (demo && workshop.store.empty) {
    const { DEMO } = await import('../runs/demo.ts');
    await workshop.start(DEMO).then(
      ({ id }) => console.log(`the runs folder is empty: starting a demo run, ${id}`),
      (error: Error) => console.error(`vanillascope: no demo run: ${error.message}`),
    );
  }
}

/** Ended by Ctrl-C, as shells count it. */
export const EXIT_STOPPED = 130;

/** The first signal ends everything in order, the second at once; `exitCode` is that of the first. */
export function closeOnSignal(close: () => Promise<void>, exitCode = 0): void {
  let closing = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (closing) process.exit(1);
      closing = true;
      console.log('stopping; once more stops at once');
      close().then(
        () => process.exit(exitCode),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
}

function explainListen(error: NodeJS.ErrnoException, { port, host }: ServeOptions): unknown {
  const message = {
    EADDRINUSE: `port ${port} is taken; stop what listens there, or choose another with --port ${port + 1}`,
    EACCES: `port ${port} may not be used by this user; choose one above 1023 with --port`,
    EADDRNOTAVAIL: `${host} is no address of this machine; choose one with --host`,
    ENOTFOUND: `the host name '${host}' is not known; choose an address of this machine with --host`,
  }[error.code ?? ''];
  const field = error.code === 'EADDRINUSE' || error.code === 'EACCES' ? '--port' : '--host';
  return message ? new ScopeError('INVALID_CONFIG', message, { field, cause: error }) : error;
}

function urlOf(host: string, port: number): string {
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535.');
  return port;
}

export function addPlaces(command: Command): Command {
  return command
    .option('--runs <dir>', 'folder where runs are kept', (text) => resolve(text), RUNS)
    .option('--data <dir>', 'folder of data sets, CIFAR-10 in its binary layout for instance', parseData)
    .addOption(
      new Option('--backend <engine>', 'engine to train on; auto takes the best that works')
        .choices(['auto', ...RUNG_IDS])
        .default('auto'),
    );
}

function parseData(text: string): string {
  const path = resolve(text);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new InvalidArgumentError(`there is no folder ${path}.`);
  return path;
}
