import { afterEach, expect, test, vi } from 'vitest';
import type {} from 'svelte';
import type { EngineReport, RunSummary } from '../../../shared/protocol.ts';
import { Engine } from '../../../web/src/lib/state/engine.svelte.ts';
import { Listeners } from '../../../web/src/lib/state/listeners.ts';
import { Runs } from '../../../web/src/lib/state/runs.svelte.ts';
import { SlowServer } from './slowServer.ts';

/** What everyone is told of, whichever run they follow: the list of runs, and the engines. */
type Events = { connected: []; run: [string, RunSummary | null]; engine: [EngineReport] };

const summary = (id: string, state = 'running'): RunSummary => ({ id, state }) as RunSummary;
const report = (chosen: string): EngineReport => ({ chosen }) as EngineReport;

function bench() {
  const listeners = new Listeners<Events>();
  const server = new SlowServer({ '/api/runs': [summary('a')], '/api/engine': report('cpu') });
  vi.stubGlobal('fetch', server.fetch);
  const feed = { on: listeners.add.bind(listeners) } as unknown as ConstructorParameters<typeof Runs>[0];
  return { listeners, server, runs: new Runs(feed), engine: new Engine(feed) };
}
const states = (runs: Runs): string[] => runs.list.map(({ id, state }) => `${id} ${state}`);
afterEach(() => vi.unstubAllGlobals());

test('what happens between the replies and the connection is read once it stands', async () => {
  const { listeners, server, runs, engine } = bench();
  void runs.read();
  void engine.read();
  await server.compute()();
  server.state = { '/api/runs': [summary('a', 'paused')], '/api/engine': report('wasm') };
  listeners.tell('connected');
  await server.compute()();
  expect(states(runs)).toEqual(['a paused']);
  expect(engine.report?.chosen).toBe('wasm');
});

test('no reply undoes an event that came while it was on its way', async () => {
  const { listeners, server, runs, engine } = bench();
  server.state['/api/runs'] = [summary('b'), summary('a')];
  void runs.read();
  void engine.read();
  const early = server.compute();
  listeners.tell('run', 'a', summary('a', 'finished'));
  listeners.tell('run', 'b', null);
  listeners.tell('run', 'c', summary('c', 'queued'));
  listeners.tell('engine', report('webgpu'));
  await early();
  expect(states(runs)).toEqual(['c queued', 'a finished']);
  expect(engine.report?.chosen).toBe('webgpu');
});

test('the answer to a command that comes after what the command led to does not stay', async () => {
  const { listeners, server, runs } = bench();
  void runs.read();
  await server.compute()();
  server.state['/api/runs'] = [summary('a', 'paused')];
  listeners.tell('run', 'a', summary('a', 'paused'));
  runs.put('a', summary('a', 'running'));
  await server.compute()();
  expect(states(runs)).toEqual(['a paused']);
});

test('a run that was deleted here leaves the list, also where an older reply has it', async () => {
  const { server, runs } = bench();
  void runs.read();
  const early = server.compute();
  runs.put('a', null);
  await early();
  expect(states(runs)).toEqual([]);
});
