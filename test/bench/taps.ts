/** What a live frame costs the training: it is computed between two steps, so its time is the training's loss. */
import { SHARE } from '../../server/training/budget.ts';
import { describeBlocks } from '../../shared/network.ts';
import { findPreset } from '../../shared/presets.ts';
import type { Bench, BenchOptions } from './area.ts';
import type { Idle, Timed } from './protocol.ts';
import { Subject } from './subject.ts';
import { digits, markdownTable, median } from './table.ts';

/** Frames a second of a live feed. */
const FEED = 5;
/** Frames taken in a round; a round counts with their median. */
const FRAMES = 5;

interface Frame {
  seconds: number;
  bytes: number;
  taps: number;
}

interface View {
  watched: string;
  taps: string[] | null;
  probes: number[] | null;
}

interface Row {
  rung: string;
  preset: string;
  batchSize: number;
  /** Median milliseconds of a step. */
  step: number;
  idle: Idle;
  frames: {
    watched: string;
    taps: number;
    /** Median milliseconds. */
    frame: number;
    bytes: number;
    /** Median over the rounds of frame / step in the same round. */
    ratio: number;
    /** Share of the training time at FEED frames a second. */
    share: number;
  }[];
}

/** What a page watches, and what it could watch at most. */
function views(preset: string): View[] {
  const network = { ...findPreset(preset).network, inputSize: 32, inputChannels: 3, classes: 10 };
  const blocks = describeBlocks(network);
  const second = blocks[1]!;
  const outs = blocks.flatMap((block) => block.taps.filter(({ kind }) => kind === 'out').map(({ id }) => id));
  const whole = second.taps.map(({ id }) => id);
  return [
    { watched: `${second.id}.out, 1 probe`, taps: [`${second.id}.out`], probes: [0] },
    { watched: 'every out, 1 probe', taps: outs, probes: [0] },
    { watched: 'every out, 10 probes', taps: outs, probes: null },
    { watched: `${second.id}, 10 probes`, taps: whole, probes: null },
    { watched: 'all, 10 probes', taps: null, probes: null },
  ];
}

async function measure(
  subject: Subject,
  preset: string,
  batchSize: number,
  options: BenchOptions,
): Promise<Row> {
  await subject.ask({ do: 'prepare', preset, batchSize });
  const watched = views(preset);
  const frame = ({ taps, probes }: View): Promise<Frame> => subject.ask<Frame>({ do: 'frame', taps, probes });
  for (const view of watched) await frame(view); // the first ones compile and allocate
  const steps: number[] = [];
  const frames = watched.map(() => [] as Frame[]);
  for (let round = 0; round < options.rounds; round++) {
    options.say(`taps ${subject.name} ${preset} ${batchSize}, round ${round + 1} of ${options.rounds}`);
    const window = await subject.ask<Timed>({ do: 'window', seconds: options.seconds });
    steps.push(window.seconds / window.count);
    for (const [i, view] of watched.entries()) {
      const taken: Frame[] = [];
      for (let n = 0; n < FRAMES; n++) {
        // Steps between them, as in a training: what a frame computes of the weights is out of date each time.
        await subject.ask({ do: 'window', seconds: 0 });
        taken.push(await frame(view));
      }
      frames[i]!.push({ ...taken[0]!, seconds: median(taken.map(({ seconds }) => seconds)) });
    }
  }
  return {
    rung: subject.name,
    preset,
    batchSize,
    step: 1000 * median(steps),
    idle: await subject.ask<Idle>({ do: 'idle' }),
    frames: watched.map(({ watched: name }, i) => {
      const seconds = median(frames[i]!.map((taken) => taken.seconds));
      const { taps, bytes } = frames[i]![0]!;
      const ratio = median(frames[i]!.map((taken, round) => taken.seconds / steps[round]!));
      return { watched: name, taps, frame: 1000 * seconds, bytes, ratio, share: FEED * seconds };
    }),
  };
}

export const bench: Bench = async (options) => {
  const rows: Row[] = [];
  const versions: string[] = [];
  for (const rung of options.rungs) {
    const subject = await Subject.rung(rung, options.rungCommand);
    versions.push(`${rung}: ${subject.version}`);
    try {
      for (const preset of options.presets)
        rows.push(await measure(subject, preset, options.batches[0]!, options));
    } finally {
      subject.end();
    }
  }
  return { data: rows, versions, markdown: format(rows, options) };
};

function format(rows: readonly Row[], { rounds }: BenchOptions): string {
  const place = (row: Row): string => `${row.rung}, ${row.preset}, ${row.batchSize}`;
  const table = markdownTable(
    [
      'rung, preset, batch',
      'watched',
      'taps',
      'KiB',
      'step ms',
      'frame ms',
      'frame / step',
      `share at ${FEED} a second`,
    ],
    rows.flatMap((row) =>
      row.frames.map((frame) => [
        place(row),
        frame.watched,
        String(frame.taps),
        digits(frame.bytes / 1024),
        digits(row.step, 1),
        digits(frame.frame, 1),
        digits(frame.ratio, 3),
        `${digits(100 * frame.share, 1)} %`,
      ]),
    ),
  );
  const micro = (seconds: number): string => digits(1e6 * seconds, 1);
  const idle = markdownTable(
    [
      'rung, preset, batch',
      'taps',
      'unused µs',
      'with hooks µs',
      'look µs',
      'unused + look, share of a step',
    ],
    rows.map((row) => [
      place(row),
      String(row.idle.taps),
      micro(row.idle.unused),
      micro(row.idle.used),
      micro(row.idle.boundary),
      `${digits((100 * 1000 * (row.idle.unused + row.idle.boundary)) / row.step, 4)} %`,
    ]),
  );
  const note =
    'A live frame, computed in inference mode between two training steps: forward as far as the last watched tap, ' +
    `quantising, one read-back, encoding. Medians of ${rounds} rounds, in turn with windows of training. The share is ` +
    `what the view would take of the training time if nothing held it to its budget of ${digits(100 * SHARE, 1)} %, which counts ` +
    'its way to a viewer too.';
  const unwatched =
    'What a step pays while nobody watches: all taps fired with no hook registered (beside it, with hooks that do ' +
    'nothing), and all else that a step does for viewers, before and after it.';
  return `${note}\n\n${table}\n\n${unwatched}\n\n${idle}`;
}
