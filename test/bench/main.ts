/**
 * `npm run bench [-- AREA] [-- --json]`: measures, prints and writes test/bench/RESULTS.md. Areas are train, taps,
 * feed, memory, growth, store and paint; without one, all. PyTorch is taken from VANILLASCOPE_PYTHON, or python3, where
 * that has torch. With --json the tables go to stderr. `--rung-command "COMMAND ARGS"` lets train and taps start the
 * process of a rung by that command, split at spaces, and the rung's name.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { RungId } from '../../shared/config.ts';
import { RUNG_IDS } from '../../shared/rungs.ts';
import type { Bench, BenchOptions } from './area.ts';
import { beside, BUNDLED } from './beside.ts';
import { freshMemory } from './freshMemory.ts';
import { digits, replaceSection } from './table.ts';
import { bench as train } from './train.ts';

/** A bundle holds the first alone: the others take the whole program. */
const AREAS = BUNDLED ? ['train'] : ['train', 'taps', 'feed', 'memory', 'growth', 'store', 'paint'];
const RESULTS = beside('RESULTS.md');
const TITLE = '# Measured\n\nWritten by `npm run bench` (`-- AREA` measures one section anew).\n';

/** Plain JavaScript needs minutes for a window of it: measured only when it is asked for. */
const LEFT_OUT: readonly RungId[] = ['cpu'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rungs: { type: 'string' },
    'rung-command': { type: 'string' },
    presets: { type: 'string', default: 'small,article' },
    batches: { type: 'string', default: '128,512' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1.5' },
    epochs: { type: 'string', default: '200' },
    'no-write': { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((area) => !AREAS.includes(area));
if (unknown.length > 0) {
  console.error(`bench: '${unknown.join("', '")}' is unknown; valid are ${AREAS.join(', ')}`);
  process.exit(2);
}

const say = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

/** The bench of an area; by its address where a bundle has to leave it out. */
async function benchOf(area: string): Promise<Bench> {
  if (area === 'train') return train;
  return ((await import(new URL(`./${area}.ts`, import.meta.url).href)) as { bench: Bench }).bench;
}

async function availableRungs(): Promise<RungId[]> {
  if (BUNDLED) return ['webgpu']; // the others need files of theirs
  const { tryRung } = await import('../../server/runs/attempt.ts');
  const working: RungId[] = [];
  for (const id of RUNG_IDS.filter((rung) => !LEFT_OUT.includes(rung)))
    if ((await tryRung(id)).verdict === 'passed') working.push(id);
  return working;
}

const list = (text: string): string[] => text.split(',').map((part) => part.trim());
const options: BenchOptions = {
  rungs: values.rungs ? (list(values.rungs) as RungId[]) : await availableRungs(),
  rungCommand: values['rung-command'] ? values['rung-command'].trim().split(/\s+/) : null,
  presets: list(values.presets),
  batches: list(values.batches).map(Number),
  rounds: Math.max(5, Number(values.rounds)),
  seconds: Number(values.seconds),
  epochs: Math.max(10, Number(values.epochs)),
  say,
};

const machine = `${cpus()[0]?.model.trim() ?? process.arch}, ${availableParallelism()} cores, ${digits(totalmem() / 2 ** 30)} GiB`;
const load = (): string => digits(loadavg()[0]!, 2);
const results: Record<string, unknown> = {};
let document = TITLE;
try {
  document = readFileSync(RESULTS, 'utf8');
} catch {
  // The first run writes the first file.
}
for (const area of positionals.length > 0 ? positionals : AREAS) {
  const before = load();
  const fresh = digits(freshMemory(), 1);
  const { data, markdown, versions } = await (await benchOf(area))(options);
  const date = new Date().toISOString();
  const setting = {
    machine,
    date,
    node: process.version,
    versions,
    load: { before, after: load() },
    freshMemory: fresh,
  };
  results[area] = { ...setting, data };
  const heading = [
    `${machine}; ${date.slice(0, 16).replace('T', ' ')} UTC; Node ${process.version}; ${versions.join('; ')}.`,
    `Load of the machine (one-minute average) before ${before}, after ${load()}; the measurement itself adds to the latter. 4 KiB of fresh memory take ${fresh} µs.`,
  ].join(' ');
  const section = `${heading}\n\n${markdown}`;
  document = replaceSection(document, area, section);
  say('');
  (values.json ? console.error : console.log)(`\n## ${area}\n\n${section}`);
  if (!values['no-write']) writeFileSync(RESULTS, document);
}
if (values.json) console.log(JSON.stringify(results, null, 2));
process.exit(0);
