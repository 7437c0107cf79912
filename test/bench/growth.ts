/** How cost grows with the work: time and size against width, resolution, probes and viewers, each with the exponent
 * of the power law that fits best. */
import type { RungId } from '../../shared/config.ts';
import type { Bench, BenchOptions } from './area.ts';
import { pageView } from './feed.ts';
import type { SnapshotSize } from './measureSnapshot.ts';
import { powerLaw } from './powerLaw.ts';
import type { Timed, WorkloadOptions } from './protocol.ts';
import { Subject } from './subject.ts';
import { digits, markdownTable, median } from './table.ts';
import { lastLatencies, Watched, type Window } from './watched.ts';

const WIDTHS = [0.5, 1, 2];
const SIZES = [16, 32, 64];
const PROBES = [1, 4, 16];
const VIEWERS = [1, 10, 100];
const BATCH = 64;
const FRAMES = 9;
/** A window with viewers, by options.seconds. */
const WINDOWS = 2;

/** One quantity at each of the sizes, in the unit that it is shown in. */
interface Growth {
  against: string;
  what: string;
  at: number[];
  values: number[];
  exponent: number;
}

const fitted = (against: string, what: string, at: number[], values: number[]): Growth => ({
  against,
  what,
  at,
  values,
  exponent: powerLaw(at.map((x, i) => [x, values[i]!] as const)).exponent,
});

/** Milliseconds a step, and KiB of a snapshot on disk and as a frame. */
async function training(
  subject: Subject,
  options: BenchOptions,
  changes: Partial<WorkloadOptions>,
): Promise<{ step: number; stored: number; encoded: number }> {
  const { rounds, seconds } = options;
  await subject.ask({ do: 'prepare', preset: options.presets[0]!, batchSize: BATCH, ...changes });
  const steps: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const window = await subject.ask<Timed>({ do: 'window', seconds: seconds / 2 });
    steps.push((1000 * window.seconds) / window.count);
  }
  const { stored, encoded } = await subject.ask<SnapshotSize>({ do: 'snapshot' });
  return { step: median(steps), stored: stored / 1024, encoded: encoded / 1024 };
}

/** Milliseconds of a live frame of every block's output. */
async function frames(
  subject: Subject,
  { presets, rounds }: BenchOptions,
  probes: number,
): Promise<{ frame: number; stored: number }> {
  const preset = presets[0]!;
  await subject.ask({ do: 'prepare', preset, batchSize: BATCH, probes });
  const { taps } = pageView(preset);
  const times: number[] = [];
  for (let i = 0; i < rounds * FRAMES; i++)
    times.push(1000 * (await subject.ask<Timed>({ do: 'frame', taps, probes: null })).seconds);
  const { stored } = await subject.ask<SnapshotSize>({ do: 'snapshot' });
  return { frame: median(times), stored: stored / 1024 };
}

/** With so many viewers: milliseconds a training step, and from the tap in the network until the last of them has a
 * frame. */
async function viewers(
  rung: RungId,
  { presets, rounds, seconds, say }: BenchOptions,
): Promise<{ step: number; last: number }[]> {
  const preset = presets[0]!;
  const watched = await Watched.start(rung, {
    preset,
    data: { dataset: 'shapes', testLimit: 50 },
    training: { epochs: 10_000, batchSize: BATCH },
    recording: { every: 1000, checkpointEvery: 1000 },
  });
  try {
    const windows = VIEWERS.map(() => [] as Window[]);
    for (let round = 0; round < rounds; round++)
      for (const [i, count] of VIEWERS.entries()) {
        say(`growth viewers ${count}, round ${round + 1} of ${rounds}`);
        await watched.join(count, pageView(preset));
        windows[i]!.push(await watched.window(WINDOWS * seconds));
        await watched.leave();
      }
    return windows.map((list) => ({
      step: 1000 * median(list.map(({ step }) => step)),
      last: median(list.flatMap(lastLatencies)),
    }));
  } finally {
    watched.end();
  }
}

export const bench: Bench = async (options) => {
  const { say } = options;
  const rung = options.rungs.find((id) => id === 'wasm') ?? options.rungs[0]!;
  const subject = await Subject.rung(rung);
  const rows: Growth[] = [];
  try {
    const grow = async (against: string, at: number[], change: (x: number) => Partial<WorkloadOptions>) => {
      const results: Awaited<ReturnType<typeof training>>[] = [];
      for (const x of at) {
        say(`growth ${against} ${x}`);
        results.push(await training(subject, options, change(x)));
      }
      const of = (key: 'step' | 'stored' | 'encoded'): number[] => results.map((result) => result[key]);
      rows.push(fitted(against, 'ms a step', at, of('step')));
      rows.push(fitted(against, 'KiB a snapshot', at, of('stored')));
      rows.push(fitted(against, 'KiB a snapshot, not packed', at, of('encoded')));
    };
    await grow('width ×', WIDTHS, (width) => ({ width }));
    await grow('rows of an image', SIZES, (size) => ({ size }));
    const probed: Awaited<ReturnType<typeof frames>>[] = [];
    for (const probes of PROBES) {
      say(`growth probes ${probes}`);
      probed.push(await frames(subject, options, probes));
    }
    const values = (key: 'frame' | 'stored'): number[] => probed.map((result) => result[key]);
    rows.push(fitted('probes', 'ms a live frame', PROBES, values('frame')));
    rows.push(fitted('probes', 'KiB a snapshot', PROBES, values('stored')));
  } finally {
    subject.end();
  }
  const served = await viewers(rung, options);
  const each = (key: 'step' | 'last'): number[] => served.map((result) => result[key]);
  rows.push(fitted('viewers', 'ms a step', VIEWERS, each('step')));
  rows.push(fitted('viewers', 'ms from tap to the last viewer', VIEWERS, each('last')));
  return { data: rows, versions: [`${rung}: ${subject.version}`], markdown: format(rows, options) };
};

function format(rows: readonly Growth[], { presets, rounds }: BenchOptions): string {
  const shown = (value: number): string => digits(value, value < 10 ? 2 : 1);
  const table = markdownTable(
    ['against', 'cost', 'at', 'values', 'exponent'],
    rows.map(({ against, what, at, values, exponent }) => [
      against,
      what,
      at.join(', '),
      values.map(shown).join(', '),
      digits(exponent, 2),
    ]),
  );
  const note =
    `Preset ${presets[0]}, batch ${BATCH}, everything else as it is by default; medians of ${rounds}. The exponent is that of ` +
    'the power law through the values (least squares on their logarithms): 1 grows with the quantity, 2 with its ' +
    "square, as maps and images do with their rows. A live frame holds every block's output; a snapshot every tap.";
  return `${note}\n\n${table}`;
}
