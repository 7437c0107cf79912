/** What a long run keeps: resident memory of training and server from the first tenth of its epochs to the last. */
import { setTimeout as wait } from 'node:timers/promises';
import type { RungId } from '../../shared/config.ts';
import type { Bench, BenchOptions } from './area.ts';
import { clock, epochsOf } from './diary.ts';
import { atTimes, drift, type Drift } from './drift.ts';
import { pageView } from './feed.ts';
import { digits, markdownTable } from './table.ts';
import { Watched } from './watched.ts';

/** Images of an epoch: few, so that epochs are short and what each of them leaves behind adds up soon. */
const IMAGES = 512;
const SAMPLE_MS = 250;

interface Row {
  rung: string;
  preset: string;
  epochs: number;
  seconds: number;
  /** Bytes. */
  trainer: Drift;
  server: Drift;
  /** Live tensors after each epoch of the deep network: least and most. */
  tensors: [number, number];
  /** Resident bytes after each epoch. */
  series: { trainer: number[]; server: number[] };
}

async function measure(
  rung: RungId,
  preset: string,
  batchSize: number,
  { epochs, say }: BenchOptions,
): Promise<{ row: Row; engine: string }> {
  const watched = await Watched.start(rung, {
    preset,
    data: { dataset: 'shapes', trainLimit: IMAGES, testLimit: 100 },
    training: { epochs, batchSize, mergeBeforeEnd: null },
  });
  try {
    await watched.join(1, pageView(preset));
    const begun = clock();
    const samples: { at: number; value: number }[] = [];
    let over = false;
    const finished = watched.finished().finally(() => (over = true));
    finished.catch(() => undefined); // thrown below
    while (!over) {
      const { rss } = await watched.server.ask<{ rss: number }>({ do: 'usage' });
      samples.push({ at: clock(), value: rss });
      const epoch = epochsOf(watched.diary).at(-1)?.epoch ?? 0;
      say(`memory ${rung} ${preset}: epoch ${epoch} of ${epochs}`);
      await wait(SAMPLE_MS);
    }
    await finished;
    const ends = epochsOf(watched.diary).filter(({ epoch }) => epoch > 0);
    const tensors = ends.map((entry) => entry.tensors);
    const times = ends.map((entry) => entry.at);
    const series = { trainer: ends.map((entry) => entry.rss), server: atTimes(samples, times) };
    return {
      engine: watched.engine,
      row: {
        rung,
        preset,
        epochs,
        seconds: (clock() - begun) / 1000,
        trainer: drift(series.trainer),
        server: drift(series.server),
        tensors: [Math.min(...tensors), Math.max(...tensors)],
        series,
      },
    };
  } finally {
    watched.end();
  }
}

export const bench: Bench = async (options) => {
  const rung = options.rungs.find((id) => id === 'wasm') ?? options.rungs[0]!;
  const { row, engine } = await measure(rung, options.presets[0]!, options.batches[0]!, options);
  return { data: [row], versions: [`${rung}: ${engine}`], markdown: format([row]) };
};

const mib = (bytes: number): string => digits(bytes / 2 ** 20, 1);

function format(rows: readonly Row[]): string {
  const table = markdownTable(
    [
      'rung, preset',
      'process',
      'epochs',
      'first tenth MiB',
      'last tenth MiB',
      'last / first',
      'live tensors',
    ],
    rows.flatMap(({ rung, preset, epochs, trainer, server, tensors }) =>
      (['trainer', 'server'] as const).map((name) => {
        const { first, end, ratio } = { trainer, server }[name];
        const live = tensors[0] === tensors[1] ? `${tensors[0]}` : `${tensors[0]} to ${tensors[1]}`;
        const place = `${rung}, ${preset}`;
        return [
          place,
          name,
          `${epochs}`,
          mib(first),
          mib(end),
          digits(ratio, 3),
          name === 'trainer' ? live : '',
        ];
      }),
    ),
  );
  const note =
    `A run on ${IMAGES} images of \`shapes\` on a real server, recorded at every epoch, while one viewer watches the ` +
    'output of every block. Resident memory at the end of each epoch, medians of the first and of the last tenth of ' +
    'the epochs. The programs collect what their start left behind once, as they always do; nothing is collected for ' +
    'the measurement.';
  return `${note}\n\n${table}`;
}
