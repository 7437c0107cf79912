/** The results of training as a section: the table, what it is compared with, and where a step's time goes. */
import { availableParallelism } from 'node:os';
import type { BenchOptions } from './area.ts';
import type { Dispatches } from './dispatches.ts';
import { LEAD, rivalsOf, type Place } from './places.ts';
import type { KernelTime, Profile } from './profile.ts';
import type { Ratios } from './ratios.ts';
import { digits, markdownTable } from './table.ts';

/** One that was measured on one preset and batch. */
export interface Row extends Ratios {
  preset: string;
  batchSize: number;
  subject: string;
  place: Place;
  /** Whether it is PyTorch. */
  peer: boolean;
  /** Images a second: median, least and most of the windows. */
  rate: number;
  least: number;
  most: number;
  /** Cores kept busy: processor time by wall time, median. */
  cores: number;
  /** Null where the backend's time is not in its kernels. */
  profile: Profile | null;
  /** Null where there are none. */
  dispatches: Dispatches | null;
}

/** PyTorch keeps its threads busy on every core; where the fastest one got less than this share of them, other programs
 * had the rest, and a ratio to it says little. */
const UNDISTURBED = 0.75;

/** Kernels that a person is shown. */
const SHOWN = 6;

type Options = Pick<BenchOptions, 'rounds' | 'seconds'>;

export function reportTraining(rows: readonly Row[], options: Options): string {
  const paragraphs = [introduction(rows, options), table(rows)];
  if (rungsOnGpu(rows).length === 0) paragraphs.push(NO_GPU);
  const kernels = rows.filter(({ profile }) => profile !== null);
  if (kernels.length > 0)
    paragraphs.push(
      "Where a step's kernel time goes, and what share of the step is outside of kernels (JavaScript). These steps are told op by op, and on TensorFlow each op is waited for; training notes a step once and then issues its ops, on TensorFlow queued and many as one, so that a step takes longer here than above:",
      kernels.map((row) => `- ${placed(row)}: ${describeProfile(row.profile!)}`).join('\n'),
    );
  const dispatched = rows.filter(({ dispatches }) => dispatches !== null);
  if (dispatched.length > 0)
    paragraphs.push(
      'What a step on WebGPU asks of the processor, medians: JavaScript counts from the beginning of the step until it waits for the device, with what Dawn does meanwhile to encode and submit.',
      dispatched.map((row) => `- ${placed(row)}: ${describeDispatches(row)}`).join('\n'),
    );
  return paragraphs.join('\n\n');
}

const NO_GPU = 'No rung was measured on a GPU: the figures of WebGPU and of TensorFlow there are not taken.';

const rungsOnGpu = (rows: readonly Row[]): Row[] =>
  rows.filter(({ peer, place }) => !peer && place === 'gpu');

const placed = ({ subject, preset, batchSize }: Row): string => `${subject}, ${preset}, ${batchSize}`;

function introduction(rows: readonly Row[], { rounds, seconds }: Options): string {
  const words =
    `Whole training steps (32×32 RGB, 10 classes, λ = 0.5, AdamW, label smoothing 0.1; upload, forward, backward, ` +
    `update, loss read), medians of ${rounds} windows of at least ${seconds} s; the subjects take turns, and the ` +
    "ratio is the median of the rounds' ratios to the fastest PyTorch in the same round. PyTorch is run as it comes, in two memory formats, and with the memory of large blocks kept (`MALLOC_MMAP_MAX_=0`, a high `MALLOC_TRIM_THRESHOLD_`): as it comes it takes fresh memory in every step, which says more of the machine than of PyTorch. `best × best` compares the best windows instead: where other programs use the processor, OpenMP waits for its slowest thread, and PyTorch loses most; a ratio with `?` is of rounds where PyTorch got less than three quarters of the cores, and says little.";
  return [words, ...comparison(rows)].join(' ');
}

/** What the ratio is to, where that is not PyTorch on the processor beside a rung on the processor. */
function comparison(rows: readonly Row[]): string[] {
  const peers = rows.filter(({ peer }) => peer);
  const onGpu = rungsOnGpu(rows);
  const names = [...new Set(onGpu.map(({ subject }) => subject))].join(' and ');
  const sentences: string[] = [];
  if (peers.length === 0) sentences.push('There was no PyTorch to compare with.');
  else if (onGpu.length > 0)
    sentences.push(
      peers.some(({ place }) => place === 'gpu')
        ? `On a GPU: ${names}, compared with the faster PyTorch on the GPU; a rung on the processor is compared with the fastest one there.`
        : `On a GPU: ${names}, compared all the same with PyTorch on the processor, because this PyTorch has no GPU.`,
    );
  if (onGpu.length > 0)
    sentences.push(`Before each window on a GPU, ${LEAD} s of steps go uncounted, so that its clock is up.`);
  if (rows.some(({ subject, place }) => subject === 'webgpu' || place === 'gpu'))
    sentences.push(
      'On WebGPU, and by PyTorch on CUDA, the loss is read as in a training: up to two steps later, without making the device wait.',
    );
  return sentences;
}

function table(rows: readonly Row[]): string {
  const ratio = (row: Row, value: number | null): string =>
    value === null ? '' : `${digits(value, 2)}${disturbed(row, rows) ? ' ?' : ''}`;
  return markdownTable(
    ['preset, batch', 'subject', 'images/s', 'least', 'most', 'busy cores', '× PyTorch', 'best × best'],
    rows.map((row) => [
      `${row.preset}, ${row.batchSize}`,
      row.subject,
      digits(row.rate),
      digits(row.least),
      digits(row.most),
      digits(row.cores, 2),
      ratio(row, row.ratio),
      ratio(row, row.bestRatio),
    ]),
  );
}

/** Whether other programs took the processor from the PyTorch that this row is compared with. One on a GPU needs one
 * core only. */
function disturbed({ preset, batchSize, place }: Row, rows: readonly Row[]): boolean {
  const peers = rows.filter((row) => row.peer && row.preset === preset && row.batchSize === batchSize);
  const fastest = rivalsOf(place, peers).sort((a, b) => b.rate - a.rate)[0];
  return fastest?.place === 'cpu' && fastest.cores < UNDISTURBED * availableParallelism();
}

function describeProfile({ step, outside, kernels }: Profile): string {
  const sum = kernels.reduce((total, [, milliseconds]) => total + milliseconds, 0);
  const share = ([name, milliseconds]: KernelTime): string =>
    `${name} ${digits((100 * milliseconds) / sum)} %`;
  return `${kernels.slice(0, SHOWN).map(share).join(', ')}; outside ${digits(100 * outside)} % of ${digits(step, 1)} ms`;
}

function describeDispatches({ dispatches }: Row): string {
  const { dispatches: count, submits, javascript } = dispatches!;
  return `${digits(count)} dispatches and ${digits(submits)} submits a step, ${digits(javascript, 1)} ms of JavaScript`;
}
