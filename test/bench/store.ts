/** Recorded snapshots: bytes an activation, and times to write, read and list them; and the list of many runs. */
import type { Bench } from './area.ts';
import { measureRuns } from './measureRuns.ts';
import { TRAINED, type StoreResult } from './measureStore.ts';
import { Subject } from './subject.ts';
import { digits, markdownTable, median } from './table.ts';

const ms = (seconds: number): string => digits(1000 * seconds, 1);
const middle = (seconds: readonly number[]): string => ms(median(seconds));
const most = (seconds: readonly number[]): string => ms(Math.max(...seconds));

export const bench: Bench = async (options) => {
  const subject = await Subject.rung(options.rungs[0]!);
  const rows: (StoreResult & { preset: string })[] = [];
  try {
    for (const preset of options.presets) {
      options.say(`store ${preset}`);
      const { results } = await subject.ask<{ results: StoreResult[] }>({ do: 'store', preset });
      rows.push(...results.map((result) => ({ preset, ...result })));
    }
  } finally {
    subject.end();
  }
  options.say('store runs');
  const runs = await measureRuns();
  const sizes = markdownTable(
    ['run', 'snapshots', 'activations each', 'bytes/activation', 'uncompressed'],
    rows.map((row) => [
      `${row.preset}, ${row.dataset}`,
      String(row.snapshots),
      digits(row.activations),
      digits(row.bytesPerActivation, 3),
      digits(row.encodedBytesPerActivation, 3),
    ]),
  );
  const times = markdownTable(
    [
      'run',
      'write',
      'CPU',
      'blocked',
      'read whole',
      'one block',
      'blocked',
      'list 2',
      'list 200',
      'open 2',
      'open 200',
    ],
    rows.map((row) => [
      `${row.preset}, ${row.dataset}`,
      middle(row.write),
      middle(row.writeCpu),
      `${middle(row.writeBlocks)} (${most(row.writeBlocks)})`,
      middle(row.read),
      middle(row.readBlock),
      `${middle(row.readBlocks)} (${most(row.readBlocks)})`,
      middle(row.listTwo),
      middle(row.listMany),
      middle(row.openTwo),
      middle(row.openMany),
    ]),
  );
  const epochs = Object.entries(TRAINED).map(
    ([dataset, { epochs, images }]) =>
      `${epochs} epochs of ${images === null ? '' : `${digits(images)} images of `}\`${dataset}\``,
  );
  const text = [
    `All snapshots of real runs of ${epochs.join(' and ')} (uint8, one probe image of each class, every tap), from ` +
      'before the first step to after the merge. Nothing is lost: what is read equals the recorded frame to the bit.',
    sizes,
    'Milliseconds, medians (and the most). A snapshot is packed on a thread of its own, off the training process: CPU is ' +
      'what all threads worked, blocked how long the thread that serves could do nothing else. Reading includes unpacking ' +
      `and encoding for the browser; one block is ${rows[0]!.block}, all its taps and probes. A list, and opening with the ` +
      'same block, are of a run just opened that has 2 or 200 snapshots.',
    times,
    `A folder of ${runs.runs} runs is opened in ${ms(runs.open)} ms; the list of them, over HTTP, takes ` +
      `${middle(runs.list)} ms (the first ${ms(runs.first)}, the most ${most(runs.list)}).`,
  ];
  return {
    data: { snapshots: rows, runs },
    versions: [`${subject.name}: ${subject.version}`],
    markdown: text.join('\n\n'),
  };
};
