/** What a live frame costs the training: it is computed between two steps, so its time is the training's loss. */
import { describeBlocks } from '../../shared/network.ts';
import { findPreset } from '../../shared/presets.ts';
import type { Bench, BenchOptions } from './area.ts';
import type { Timed } from './protocol.ts';
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

interface Row {
  rung: string;
  preset: string;
  batchSize: number;
  /** Median milliseconds of a step. */
  step: number;
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

async function measure(
  subject: Subject,
  preset: string,
  batchSize: number,
  options: BenchOptions,
): Promise<Row> {
  await subject.ask({ do: 'prepare', preset, batchSize });
  const blocks = describeBlocks({
    ...findPreset(preset).network,
    inputSize: 32,
    inputChannels: 3,
    classes: 10,
  });
  const watched = [blocks[1]!.id, null];
  for (const block of watched) await subject.ask({ do: 'frame', block }); // the first ones compile and allocate
  const steps: number[] = [];
  const frames = watched.map(() => [] as Frame[]);
  for (let round = 0; round < options.rounds; round++) {
    options.say(`taps ${subject.name} ${preset} ${batchSize}, round ${round + 1} of ${options.rounds}`);
    const window = await subject.ask<Timed>({ do: 'window', seconds: options.seconds });
    steps.push(window.seconds / window.count);
    for (const [i, block] of watched.entries()) {
      const taken: Frame[] = [];
      for (let n = 0; n < FRAMES; n++) taken.push(await subject.ask<Frame>({ do: 'frame', block }));
      frames[i]!.push({ ...taken[0]!, seconds: median(taken.map(({ seconds }) => seconds)) });
    }
  }
  return {
    rung: subject.name,
    preset,
    batchSize,
    step: 1000 * median(steps),
    frames: watched.map((block, i) => {
      const seconds = median(frames[i]!.map((frame) => frame.seconds));
      const { taps, bytes } = frames[i]![0]!;
      const ratio = median(frames[i]!.map((frame, round) => frame.seconds / steps[round]!));
      return { watched: block ?? 'all', taps, frame: 1000 * seconds, bytes, ratio, share: FEED * seconds };
    }),
  };
}

export const bench: Bench = async (options) => {
  const rows: Row[] = [];
  const versions: string[] = [];
  for (const rung of options.rungs) {
    const subject = await Subject.rung(rung);
    versions.push(`${rung}: ${subject.version}`);
    try {
      for (const preset of options.presets)
        rows.push(await measure(subject, preset, options.batches[0]!, options));
    } finally {
      subject.end();
    }
  }
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
        `${row.rung}, ${row.preset}, ${row.batchSize}`,
        frame.watched,
        String(frame.taps),
        digits(frame.bytes / 1024),
        digits(row.step, 1),
        digits(frame.frame, 1),
        digits(frame.ratio, 2),
        `${digits(100 * frame.share, 1)} %`,
      ]),
    ),
  );
  const note =
    'A live frame of ten probe images, computed in inference mode between two training steps: forward, quantising, ' +
    `one read-back, encoding. Medians of ${options.rounds} rounds, in turn with windows of training. Nobody watching ` +
    'computes no frame.';
  return { data: rows, versions, markdown: `${note}\n\n${table}` };
};
