/** What watching costs: a real server trains while one, a hundred and a stalled viewer watch and rest in turn. */
import { setTimeout as wait } from 'node:timers/promises';
import type { RungId } from '../../shared/config.ts';
import { describeBlocks } from '../../shared/network.ts';
import { findPreset } from '../../shared/presets.ts';
import type { Bench, BenchOptions } from './area.ts';
import { effectOf } from './effect.ts';
import { digits, markdownTable, median, percentile } from './table.ts';
import { Watched, type Spell, type View, type Window } from './watched.ts';

/** Who watches, and in how many windows of each round. */
interface Audience {
  name: string;
  viewers: number;
  stalled: boolean;
  windows: number;
}

const AUDIENCES: readonly Audience[] = [
  { name: '1 viewer', viewers: 1, stalled: false, windows: 24 },
  { name: '100 viewers', viewers: 100, stalled: false, windows: 12 },
  { name: '1 stalled', viewers: 1, stalled: true, windows: 12 },
];

/** A window by options.seconds: other programs change the pace of a shared machine from second to second, and many short
 * windows side by side see more alike of it than few long ones. */
const WINDOWS = 0.7;
/** After an audience has begun to watch, and to rest, when one that kept up is still sent what it need not acknowledge;
 * and after it has come, whose first frames cost more. */
const SETTLE_MS = { go: 200, rest: 900 };
const ARRIVE_MS = 5000;
/** How long viewers watch before their memory is measured, which collects the server's garbage and so has rounds of
 * its own; and from how many on it says something of one. */
const MEMORY_MS = 2000;
const MANY = 10;

interface Row {
  rung: string;
  preset: string;
  batchSize: number;
  audience: string;
  /** Milliseconds of a step, median. */
  step: number;
  /** Part of the training rate that they take, and its standard error; null of nobody. */
  lost: number | null;
  error: number | null;
  /** Frames a second computed, and received by each viewer, over all windows. */
  computed: number;
  received: number;
  bytes: number;
  /** Milliseconds from tap to arrival, over all windows. */
  latency: number;
  latency95: number;
  /** Cores that the server, and all viewers together, kept busy, medians. */
  cores: number;
  viewerCores: number;
  /** Bytes of the server for each viewer: held, and resident. */
  held: number | null;
  resident: number | null;
}

interface Memory {
  held: number;
  rss: number;
}

type Summary = Pick<
  Row,
  'audience' | 'step' | 'computed' | 'received' | 'bytes' | 'latency' | 'latency95' | 'cores' | 'viewerCores'
>;

/** Over all windows: of one, which has room for five frames, the number says little. */
function rateOf(list: readonly Window[], count: (window: Window) => number): number {
  const total = (of: (window: Window) => number): number => list.reduce((sum, window) => sum + of(window), 0);
  return total(count) / total(({ seconds }) => seconds);
}

function summary({ name, viewers }: Pick<Audience, 'name' | 'viewers'>, list: readonly Window[]): Summary {
  // A last frame may come to one who rests.
  const latencies = viewers === 0 ? [] : list.flatMap((window) => window.latencies.map(({ ms }) => ms));
  return {
    audience: name,
    step: 1000 * median(list.map(({ step }) => step)),
    computed: rateOf(list, ({ computed }) => computed),
    received: viewers === 0 ? NaN : rateOf(list, ({ arrivals }) => arrivals.length / viewers),
    bytes: Math.max(...list.map(({ bytes }) => bytes)),
    latency: median(latencies),
    latency95: percentile(latencies, 0.95),
    cores: median(list.map(({ serverSeconds, seconds }) => serverSeconds / seconds)),
    viewerCores: median(list.map(({ viewerSeconds, seconds }) => viewerSeconds / seconds)),
  };
}

/** Windows in turn, in the first and the last of which an audience rests. */
async function alternate(
  watched: Watched,
  { audience, view, seconds, count }: { audience: Audience; view: View; seconds: number; count: number },
): Promise<Window[]> {
  const { viewers, stalled } = audience;
  // One who has stalled takes no request: another comes each time.
  const go = (): Promise<void> => (stalled ? watched.join(viewers, view, true) : watched.go());
  const rest = (): Promise<void> => (stalled ? watched.leave() : watched.rest());
  if (!stalled) await watched.join(viewers, view);
  await wait(ARRIVE_MS);
  const spells: Spell[] = [];
  for (let i = 0; i <= 2 * count; i++) {
    const rests = i % 2 === 0;
    await (rests ? rest() : go());
    await wait(SETTLE_MS[rests ? 'rest' : 'go']);
    spells.push(await watched.spell(seconds));
  }
  await watched.leave();
  return watched.windows(spells);
}

/** What each of so many viewers takes of the server's memory, bytes. */
async function measureMemory(watched: Watched, view: View, viewers: number): Promise<Memory> {
  await watched.disconnect();
  const before = await watched.server.ask<Memory>({ do: 'memory' });
  await watched.join(viewers, view);
  await wait(MEMORY_MS);
  const { held, rss } = await watched.server.ask<Memory>({ do: 'memory' });
  return { held: (held - before.held) / viewers, rss: (rss - before.rss) / viewers };
}

/** Every block's output for one probe, five times a second. */
export function pageView(preset: string): View {
  const network = { ...findPreset(preset).network, inputSize: 32, inputChannels: 3, classes: 7 };
  const taps = describeBlocks(network).flatMap((block) => block.taps.filter((tap) => tap.kind === 'out'));
  return { taps: taps.map(({ id }) => id), probes: [0], rate: 5 };
}

async function measure(
  rung: RungId,
  preset: string,
  batchSize: number,
  options: BenchOptions,
): Promise<{ rows: Row[]; engine: string }> {
  const view = pageView(preset);
  const seconds = WINDOWS * options.seconds;
  const measured = new Map(AUDIENCES.map((audience) => [audience, { rounds: [], memory: [] } as Measured]));
  let engine = '';
  // How fast a process is differs from start to start: each round has a server and a training of its own.
  for (let round = 1; round <= options.rounds; round++) {
    const watched = await Watched.start(rung, {
      preset,
      data: { dataset: 'shapes', testLimit: 50 },
      training: { epochs: 10_000, batchSize },
      recording: { every: 1000, checkpointEvery: 1000 },
    });
    try {
      engine = watched.engine;
      for (const [audience, { rounds, memory }] of measured) {
        const { name, viewers, windows: count } = audience;
        options.say(`feed ${rung} ${preset}, round ${round}: ${name}`);
        rounds.push(await alternate(watched, { audience, view, seconds, count }));
        if (viewers >= MANY) memory.push(await measureMemory(watched, view, viewers));
      }
    } finally {
      watched.end();
    }
  }
  return { rows: rowsOf(measured, { rung, preset, batchSize }), engine };
}

/** Of each round, the windows and what each viewer took of the server's memory. */
interface Measured {
  rounds: Window[][];
  memory: Memory[];
}

function rowsOf(
  measured: ReadonlyMap<Audience, Measured>,
  about: Pick<Row, 'rung' | 'preset' | 'batchSize'>,
): Row[] {
  const isRest = (_: Window, i: number): boolean => i % 2 === 0;
  const alone = [...measured.values()].flatMap(({ rounds }) => rounds.flatMap((list) => list.filter(isRest)));
  const nobody = summary({ name: 'nobody', viewers: 0 }, alone);
  const rows = [...measured].map(([audience, { rounds, memory }]): Row => {
    const beside = rounds.flatMap((list) => list.filter((window, i) => !isRest(window, i)));
    // Between two rounds nothing is compared.
    const effect = effectOf(rounds.flatMap((list) => [...list.map(({ step }) => step), NaN]).slice(0, -1));
    const [held, resident] =
      memory.length > 0
        ? [median(memory.map((each) => each.held)), median(memory.map((each) => each.rss))]
        : [null, null];
    return { ...about, ...summary(audience, beside), ...effect, held, resident };
  });
  return [{ ...about, ...nobody, lost: null, error: null, held: null, resident: null }, ...rows];
}

export const bench: Bench = async (options) => {
  const rows: Row[] = [];
  const versions: string[] = [];
  for (const rung of options.rungs) {
    const { rows: measured, engine } = await measure(rung, options.presets[0]!, options.batches[0]!, options);
    rows.push(...measured);
    versions.push(`${rung}: ${engine}`);
  }
  return { data: rows, versions, markdown: format(rows, options) };
};

const KIB = 1024;
const shown = (value: number | null, places: number): string =>
  value === null || Number.isNaN(value) ? '' : digits(value, places);

function format(rows: readonly Row[], { rounds, seconds }: BenchOptions): string {
  const table = markdownTable(
    [
      'rung, preset, batch',
      'watching',
      'step ms',
      'lost %',
      '± %',
      'frames/s computed',
      'received',
      'KiB',
      'latency ms',
      'p95',
      'server cores',
      'viewer cores',
      'held KiB/viewer',
      'resident KiB/viewer',
    ],
    rows.map((row) => [
      `${row.rung}, ${row.preset}, ${row.batchSize}`,
      row.audience,
      digits(row.step, 1),
      shown(row.lost && 100 * row.lost, 2),
      shown(row.error && 100 * row.error, 2),
      digits(row.computed, 2),
      shown(row.received, 2),
      digits(row.bytes / KIB),
      shown(row.latency, 1),
      shown(row.latency95, 1),
      digits(row.cores, 3),
      digits(row.viewerCores, 3),
      shown(row.held && row.held / KIB, 0),
      shown(row.resident && row.resident / KIB, 0),
    ]),
  );
  const counts = AUDIENCES.map(({ name, windows }) => `${windows * rounds} for ${name}`).join(', ');
  const note =
    'A real server trains on `shapes` while Socket.IO viewers in another process follow the run as a page does and watch ' +
    "every block's output for one probe, 5 times a second. An audience watches and rests in turn, on connections that " +
    'stay open: at rest it follows nothing and keeps back acknowledgements, so that frames end (a stalled viewer goes). Each ' +
    `window of ${digits(WINDOWS * seconds, 1)} s (${counts}, over ${rounds} starts of server and training, each of which ` +
    'ends at rest) is held against those before and after it: lost is the part of the training rate (steps within ' +
    'epochs), the mean of these contrasts without the outer tenths, and ± its standard error, told from twenty ' +
    'stretches of them. All processes share the cores of the machine, the one of the viewers too, which a class would ' +
    'have elsewhere. Latency is from the tap in the network to the arrival in the viewer. Memory is that of the server ' +
    'after collecting garbage, more than with nobody connected, ' +
    `median of ${rounds}.`;
  return `${note}\n\n${table}`;
}
