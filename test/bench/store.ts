/** Recorded snapshots: bytes an activation, and times to write, read and list them. */
import type { Bench } from './area.ts';
import type { StoreResult } from './measureStore.ts';
import { Subject } from './subject.ts';
import { digits, markdownTable, median } from './table.ts';

export const bench: Bench = async (options) => {
  const subject = await Subject.rung(options.rungs[0]!);
  const rows: (StoreResult & { preset: string })[] = [];
  try {
    for (const preset of options.presets) {
      options.say(`store ${preset}`);
      rows.push({ preset, ...(await subject.ask<StoreResult>({ do: 'store', preset })) });
    }
  } finally {
    subject.end();
  }
  const ms = (seconds: readonly number[]): string => digits(1000 * median(seconds), 1);
  const table = markdownTable(
    [
      'preset',
      'snapshots',
      'activations each',
      'bytes/activation',
      'uncompressed',
      'write ms',
      'read ms',
      'list 2 ms',
      'list 200 ms',
    ],
    rows.map((row) => [
      row.preset,
      String(row.snapshots),
      digits(row.activations),
      digits(row.bytesPerActivation, 3),
      digits(row.encodedBytesPerActivation, 3),
      ms(row.write),
      ms(row.read),
      ms(row.openTwo),
      ms(row.openMany),
    ]),
  );
  const note =
    'All snapshots of a real run of five epochs on `shapes` (uint8, one probe image of each class, every tap, compressed), from ' +
    'before the first step to after the merge. Medians; writing is off the training process, reading includes ' +
    'decoding; lists are of a run just opened.';
  return { data: rows, versions: [`${subject.name}: ${subject.version}`], markdown: `${note}\n\n${table}` };
};
