/** What watching costs: a real server trains while nobody, one, a hundred and a stalled viewer watch, in turn. */
import { setTimeout as wait } from 'node:timers/promises';
import type { RungId } from '../../shared/config.ts';
import { describeBlocks } from '../../shared/network.ts';
import { findPreset } from '../../shared/presets.ts';
import type { Bench, BenchOptions } from './area.ts';
import { digits, markdownTable, median, percentile } from './table.ts';
import { Watched, type View, type Window } from './watched.ts';

/** Who watches in a window. */
const AUDIENCES = [
  { name: 'nobody', viewers: 0, stalled: false },
  { name: '1 viewer', viewers: 1, stalled: false },
  { name: '100 viewers', viewers: 100, stalled: false },
  { name: '1 stalled', viewers: 1, stalled: true },
] as const;

/** A window by options.seconds, and what settles before it. */
const WINDOWS = 2.5;
const SETTLE_MS = 400;
/** Viewers from which on resident memory says something of one. */
const MANY = 10;

interface Row {
  rung: string;
  preset: string;
  batchSize: number;
  audience: string;
  /** Milliseconds of a step, median. */
  step: number;
  /** Training rate by the rate with nobody watching in the same round, median, least and most. */
  ratio: number;
  least: number;
  most: number;
  /** Frames a second computed, and received by each viewer, medians. */
  computed: number;
  received: number;
  bytes: number;
  /** Milliseconds from tap to arrival, over all windows. */
  latency: number;
  latency95: number;
  /** Cores that the server kept busy, median. */
  cores: number;
  /** Bytes of the server for each viewer: held, and resident. */
  held: number | null;
  resident: number | null;
}

interface Memory {
  held: number;
  rss: number;
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
    const windows = AUDIENCES.map(() => [] as Window[]);
    const memory = AUDIENCES.map(() => [] as Memory[]);
    for (let round = 0; round < options.rounds; round++)
      for (const [i, { name, viewers, stalled }] of AUDIENCES.entries()) {
        options.say(`feed ${rung} ${preset}: ${name}, round ${round + 1} of ${options.rounds}`);
        if (viewers > 0) await watched.join(viewers, view, stalled);
        await wait(SETTLE_MS);
        windows[i]!.push(await watched.window(WINDOWS * options.seconds));
        memory[i]!.push(await watched.server.ask<Memory>({ do: 'memory' }));
        await watched.leave();
      }
    const rows = AUDIENCES.map(({ name, viewers }, i): Row => {
      const list = windows[i]!;
      const ratios = list.map((window, round) => windows[0]![round]!.step / window.step);
      const latencies = list.flatMap((window) => window.latencies.map(({ ms }) => ms));
      const each = (of: (m: Memory) => number): number | null =>
        viewers === 0 ? null : median(memory[i]!.map((m, round) => of(m) - of(memory[0]![round]!))) / viewers;
      return {
        rung,
        preset,
        batchSize,
        audience: name,
        step: 1000 * median(list.map(({ step }) => step)),
        ratio: median(ratios),
        least: Math.min(...ratios),
        most: Math.max(...ratios),
        computed: median(list.map(({ computed, seconds }) => computed / seconds)),
        received: median(list.map(({ arrivals, seconds }) => arrivals.length / viewers / seconds)),
        bytes: Math.max(...list.map(({ bytes }) => bytes)),
        latency: median(latencies),
        latency95: percentile(latencies, 0.95),
        cores: median(list.map(({ serverSeconds, seconds }) => serverSeconds / seconds)),
        held: each((m) => m.held),
        // The allocator's pages are coarser than one viewer.
        resident: viewers < MANY ? null : each((m) => m.rss),
      };
    });
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
      'least',
      'most',
      'frames/s computed',
      'received',
      'KiB',
      'latency ms',
      'p95',
      'server cores',
      'held KiB/viewer',
      'resident KiB/viewer',
    ],
    rows.map((row) => [
      `${row.rung}, ${row.preset}, ${row.batchSize}`,
      row.audience,
      digits(row.step, 1),
      digits(row.ratio, 3),
      digits(row.least, 3),
      digits(row.most, 3),
      digits(row.computed, 2),
      shown(row.received, 2),
      digits(row.bytes / KIB),
      shown(row.latency, 1),
      shown(row.latency95, 1),
      digits(row.cores, 3),
      shown(row.held && row.held / KIB, 0),
      shown(row.resident && row.resident / KIB, 0),
    ]),
  );
  const note =
    'A real server trains on `shapes` while Socket.IO viewers in another process watch the output of every block for ' +
    `one probe, 5 times a second. The audiences take turns, ${rounds} windows of ${digits(WINDOWS * seconds, 1)} s each; × nobody is the ` +
    'training rate (steps within epochs) by that with nobody watching in the same round, median, least and most of ' +
    'the rounds; all processes share the cores of the machine. Latency is from the tap in the network to the arrival ' +
    'in the viewer. Memory is that of the server after collecting garbage, more than with nobody.';
  return `${note}\n\n${table}`;
}
