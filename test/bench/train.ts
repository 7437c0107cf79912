/** Training throughput of the rungs and of PyTorch, measured in turn. */
import { availableParallelism } from 'node:os';
import { findPreset } from '../../shared/presets.ts';
import type { Bench, BenchOptions } from './area.ts';
import type { KernelTime, Profile } from './profile.ts';
import type { Request, Timed } from './protocol.ts';
import { MEMORY_FORMATS, PYTHON, Subject } from './subject.ts';
import { digits, markdownTable, median } from './table.ts';

interface Row {
  preset: string;
  batchSize: number;
  subject: string;
  /** Images a second: median, least and most of the windows. */
  rate: number;
  least: number;
  most: number;
  /** Cores kept busy: processor time by wall time, median. */
  cores: number;
  /** Median over the rounds of rate / rate of the faster PyTorch in the same round; null without a PyTorch. */
  ratio: number | null;
  /** The best window by PyTorch's best: other load disturbs these two least. */
  bestRatio: number | null;
  /** Null where the backend's time is not in its kernels. */
  profile: Profile | null;
}

/** PyTorch keeps its threads busy on every core; where the faster one got less than this share of them, other programs
 * had the rest, and a ratio to it says little. */
const UNDISTURBED = 0.75;

/** Kernels that a person is shown. */
const SHOWN = 6;

/** Rungs whose kernels run while the step waits; WebGPU's run after the fact. */
const PROFILED: readonly string[] = ['tensorflow', 'wasm', 'cpu'];

const PEER = 'PyTorch';

const isPeer = ({ name }: Subject): boolean => name.startsWith(PEER);

async function startPeers(say: (text: string) => void): Promise<Subject[]> {
  const peers: Subject[] = [];
  for (const format of MEMORY_FORMATS)
    try {
      peers.push(await Subject.pytorch(format));
    } catch (error) {
      say(`no PyTorch to compare with (${PYTHON}): ${(error as Error).message}`);
      return [];
    }
  return peers;
}

function prepare(preset: string, batchSize: number): Request {
  const { dims, strides, stemStride, activation, bnEpsilon } = findPreset(preset).network;
  if (activation.kind !== 'series') throw new Error(`preset ${preset} has no series activation`);
  return { do: 'prepare', preset, batchSize, dims, strides, stemStride, n: activation.n, eps: bnEpsilon };
}

async function compare(
  subjects: readonly Subject[],
  preset: string,
  batchSize: number,
  { rounds, seconds, say }: BenchOptions,
): Promise<Row[]> {
  const sizes = new Set<number>();
  for (const subject of subjects)
    sizes.add((await subject.ask<{ parameters: number }>(prepare(preset, batchSize))).parameters);
  if (sizes.size > 1)
    throw new Error(`the networks of ${preset} differ: ${[...sizes].join(', ')} parameters`);
  const windows = new Map(subjects.map((subject) => [subject, [] as Timed[]]));
  for (let round = 0; round < rounds; round++) {
    say(`train ${preset} ${batchSize}, round ${round + 1} of ${rounds}`);
    for (const [subject, list] of windows) list.push(await subject.ask<Timed>({ do: 'window', seconds }));
  }
  const rateOf = ({ count, seconds }: Timed): number => (count * batchSize) / seconds;
  const rates = new Map([...windows].map(([subject, list]) => [subject, list.map(rateOf)]));
  const peers = subjects.filter(isPeer);
  const best = (round: number): number => Math.max(...peers.map((peer) => rates.get(peer)![round]!));
  const peak = Math.max(...peers.flatMap((peer) => rates.get(peer)!));
  const rows: Row[] = [];
  for (const [subject, list] of rates)
    rows.push({
      preset,
      batchSize,
      subject: subject.name,
      rate: median(list),
      least: Math.min(...list),
      most: Math.max(...list),
      cores: median(windows.get(subject)!.map((w) => w.cpuSeconds / w.seconds)),
      ratio: peers.length > 0 ? median(list.map((rate, round) => rate / best(round))) : null,
      bestRatio: peers.length > 0 ? Math.max(...list) / peak : null,
      profile: PROFILED.includes(subject.name) ? await subject.ask<Profile>({ do: 'profile' }) : null,
    });
  return rows;
}

export const bench: Bench = async (options) => {
  const subjects = await Promise.all(options.rungs.map((rung) => Subject.rung(rung)));
  const versions = subjects.map(({ name, version }) => `${name}: ${version}`);
  const peers = await startPeers(options.say);
  if (peers.length > 0) versions.push(`${peers[0]!.version}, ${peers[0]!.device}`);
  subjects.push(...peers);
  const rows: Row[] = [];
  try {
    for (const preset of options.presets)
      for (const batchSize of options.batches)
        rows.push(...(await compare(subjects, preset, batchSize, options)));
  } finally {
    for (const subject of subjects) subject.end();
  }
  return { data: rows, versions, markdown: format(rows, options) };
};

/** Whether other programs took the processor from PyTorch while this row's turn was measured. */
function disturbed(row: Row, rows: readonly Row[]): boolean {
  const peers = rows.filter(
    (r) => r.preset === row.preset && r.batchSize === row.batchSize && r.subject.startsWith(PEER),
  );
  const fastest = peers.sort((a, b) => b.rate - a.rate)[0];
  return fastest !== undefined && fastest.cores < UNDISTURBED * availableParallelism();
}

function format(rows: readonly Row[], { rounds, seconds }: BenchOptions): string {
  const ratioOf = (row: Row, ratio: number | null): string =>
    ratio === null ? '' : `${digits(ratio, 2)}${disturbed(row, rows) ? ' ?' : ''}`;
  const table = markdownTable(
    ['preset, batch', 'subject', 'images/s', 'least', 'most', 'busy cores', '× PyTorch', 'best × best'],
    rows.map((row) => [
      `${row.preset}, ${row.batchSize}`,
      row.subject,
      digits(row.rate),
      digits(row.least),
      digits(row.most),
      digits(row.cores, 2),
      ratioOf(row, row.ratio),
      ratioOf(row, row.bestRatio),
    ]),
  );
  const kernels = rows
    .filter((row) => row.profile !== null)
    .map(
      ({ preset, batchSize, subject, profile }) =>
        `- ${subject}, ${preset}, ${batchSize}: ${describeProfile(profile!)}`,
    );
  return [
    `Whole training steps (32×32 RGB, 10 classes, λ = 0.5, AdamW, label smoothing 0.1; upload, forward, backward, ` +
      `update, loss read), medians of ${rounds} windows of at least ${seconds} s; the subjects take turns, and the ` +
      "ratio is the median of the rounds' ratios to the faster of the two PyTorch memory formats in the same round. `best × best` compares the best windows instead: where other programs use the processor, OpenMP waits for its slowest thread, and PyTorch loses most; a ratio with `?` is of rounds where PyTorch got less than three quarters of the cores, and says little.",
    '',
    table,
    '',
    "Where a step's kernel time goes, and what share of the step is outside of kernels (JavaScript). TensorFlow's ops are queued, and JavaScript works while they do; for this profile each is waited for, so that a step takes longer than above:",
    '',
    ...kernels,
  ].join('\n');
}

function describeProfile({ step, outside, kernels }: Profile): string {
  const sum = kernels.reduce((total, [, milliseconds]) => total + milliseconds, 0);
  const share = ([name, milliseconds]: KernelTime): string =>
    `${name} ${digits((100 * milliseconds) / sum)} %`;
  return `${kernels.slice(0, SHOWN).map(share).join(', ')}; outside ${digits(100 * outside)} % of ${digits(step, 1)} ms`;
}
