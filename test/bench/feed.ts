/** What watching costs: a real server trains while one, a hundred and a stalled viewer watch, in turn, with nobody
 * before and after each. */
import { setTimeout as wait } from 'node:timers/promises';
import type { RungId } from '../../shared/config.ts';
import { describeBlocks } from '../../shared/network.ts';
import { findPreset } from '../../shared/presets.ts';
import type { Bench, BenchOptions } from './area.ts';
import { digits, markdownTable, median, percentile } from './table.ts';
import { Watched, type View, type Window } from './watched.ts';

/** Who watches in a window. */
interface Audience {
  name: string;
  viewers: number;
  stalled: boolean;
}

const NOBODY: Audience = { name: 'nobody', viewers: 0, stalled: false };
const AUDIENCES: readonly Audience[] = [
  { name: '1 viewer', viewers: 1, stalled: false },
  { name: '100 viewers', viewers: 100, stalled: false },
  { name: '1 stalled', viewers: 1, stalled: true },
];

/** A window by options.seconds, what settles before it, and rounds by options.rounds: other programs change the pace of
 * a shared machine from second to second, and many short windows side by side see more alike of it than few long ones. */
const WINDOWS = 0.7;
const SETTLE_MS = 1000;
const ROUNDS = 5;
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
  /** Training rate by that with nobody watching just before and after: median, and the quarters of all rounds below and
   * above. */
  ratio: number;
  lower: number;
  upper: number;
  /** Frames a second computed, and received by each viewer, medians. */
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

/** A window with viewers, and those with nobody around it. */
interface Triple {
  before: Window;
  beside: Window;
  after: Window;
}

type Summary = Pick<
  Row,
  'audience' | 'step' | 'computed' | 'received' | 'bytes' | 'latency' | 'latency95' | 'cores' | 'viewerCores'
>;

function summary({ name, viewers }: Audience, list: readonly Window[]): Summary {
  const latencies = list.flatMap((window) => window.latencies.map(({ ms }) => ms));
  return {
    audience: name,
    step: 1000 * median(list.map(({ step }) => step)),
    computed: median(list.map(({ computed, seconds }) => computed / seconds)),
    received: median(list.map(({ arrivals, seconds }) => arrivals.length / viewers / seconds)),
    bytes: Math.max(...list.map(({ bytes }) => bytes)),
    latency: median(latencies),
    latency95: percentile(latencies, 0.95),
    cores: median(list.map(({ serverSeconds, seconds }) => serverSeconds / seconds)),
    viewerCores: median(list.map(({ viewerSeconds, seconds }) => viewerSeconds / seconds)),
  };
}

type Compared = Summary & Pick<Row, 'ratio' | 'lower' | 'upper'>;

function compared(audience: Audience, triples: readonly Triple[]): Compared {
  const ratios = triples.map(({ before, beside, after }) => (before.step + after.step) / 2 / beside.step);
  return {
    ...summary(
      audience,
      triples.map(({ beside }) => beside),
    ),
    ratio: median(ratios),
    lower: percentile(ratios, 0.25),
    upper: percentile(ratios, 0.75),
  };
}

/** What each of so many viewers takes of the server's memory, bytes. */
async function measureMemory(
  watched: Watched,
  view: View,
  { viewers, rounds }: { viewers: number; rounds: number },
): Promise<Pick<Row, 'held' | 'resident'>> {
  const each: Memory[] = [];
  for (let round = 0; round < rounds; round++) {
    await watched.disconnect();
    const before = await watched.server.ask<Memory>({ do: 'memory' });
    await watched.join(viewers, view);
    await wait(MEMORY_MS);
    const { held, rss } = await watched.server.ask<Memory>({ do: 'memory' });
    each.push({ held: (held - before.held) / viewers, rss: (rss - before.rss) / viewers });
  }
  return { held: median(each.map(({ held }) => held)), resident: median(each.map(({ rss }) => rss)) };
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
  const watched = await Watched.start(rung, {
    preset,
    data: { dataset: 'shapes', testLimit: 50 },
    training: { epochs: 10_000, batchSize },
    recording: { every: 1000, checkpointEvery: 1000 },
  });
  try {
    const view = pageView(preset);
    const rounds = ROUNDS * options.rounds;
    const watch = async ({ viewers, stalled }: Audience): Promise<Window> => {
      if (viewers > 0) await watched.join(viewers, view, stalled);
      await wait(SETTLE_MS);
      const window = await watched.window(WINDOWS * options.seconds);
      await watched.leave();
      return window;
    };
    const alone = [await watch(NOBODY)];
    const triples = AUDIENCES.map((): Triple[] => []);
    for (let round = 0; round < rounds; round++)
      for (const [i, audience] of AUDIENCES.entries()) {
        options.say(`feed ${rung} ${preset}: ${audience.name}, round ${round + 1} of ${rounds}`);
        const before = alone.at(-1)!;
        const beside = await watch(audience);
        const after = await watch(NOBODY);
        alone.push(after);
        triples[i]!.push({ before, beside, after });
      }
    const about = { rung, preset, batchSize };
    const nothing = { held: null, resident: null };
    const rows: Row[] = [{ ...about, ...summary(NOBODY, alone), ...nothing, ratio: 1, lower: 1, upper: 1 }];
    for (const [i, audience] of AUDIENCES.entries()) {
      const { viewers } = audience;
      const memory =
        viewers < MANY ? nothing : await measureMemory(watched, view, { viewers, rounds: options.rounds });
      rows.push({ ...about, ...compared(audience, triples[i]!), ...memory });
    }
    return { rows, engine: watched.engine };
  } finally {
    watched.end();
  }
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
      '× nobody',
      'a quarter below',
      'a quarter above',
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
      digits(row.ratio, 3),
      digits(row.lower, 3),
      digits(row.upper, 3),
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
  const note =
    'A real server trains on `shapes` while Socket.IO viewers in another process follow the run as a page does and watch ' +
    "every block's output for one probe, 5 times a second. The audiences take turns on connections that stay open, " +
    `${ROUNDS * rounds} windows of ${digits(WINDOWS * seconds, 1)} s each, with nobody watching before and after every ` +
    'one; × nobody is the training rate (steps within epochs) by the mean of these two, median and quarters of the ' +
    'rounds. All processes share the cores of the machine, the one of the viewers too, which a class would have ' +
    'elsewhere. Latency is from the tap in the network to the arrival in the viewer. Memory is that of the server after ' +
    `collecting garbage, more than with nobody connected, median of ${rounds}.`;
  return `${note}\n\n${table}`;
}
