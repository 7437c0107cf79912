/** What a person waits for: maps painted in a real browser, from the cache, from disk and live. */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import type { EngineReport, RunRequest, RunSummary } from '../../shared/protocol.ts';
import { openBrowser, startServer } from '../e2e/helper.ts';
import type { Bench } from './area.ts';
import { clock, readDiary } from './diary.ts';
import { PaintedPage } from './paintedPage.ts';
import { Subject } from './subject.ts';
import { digits, markdownTable, median, percentile } from './table.ts';

/** Six blocks with 64 to 512 channels: 1,536 maps and the logits. */
const RECORDED: RunRequest = {
  name: 'Painted',
  preset: 'vanillanet-7',
  data: { dataset: 'shapes', trainLimit: 256, testLimit: 64 },
  training: { epochs: 5, batchSize: 64 },
};
const LIVE: RunRequest = { name: 'Live', data: { dataset: 'shapes' }, training: { epochs: 1000 } };
const REPAINTS = 50;
const COLD = 7;
const SIGHTS = 5;
/** Live frames that have not come after this will not come. */
const PATIENCE_MS = 120_000;

interface Row {
  what: string;
  /** Milliseconds, each time. */
  times: number[];
  target: number;
  /** Whether it is the 95th percentile that must hold, or the median. */
  by: 'median' | 'p95';
}

type Painted = NonNullable<Awaited<ReturnType<PaintedPage['after']>>>;

/** Back and forth by two keys, whose frames the page holds after the first round. */
async function alternate(browser: Browser, url: string, keys: readonly [string, string]): Promise<Painted[]> {
  const page = await PaintedPage.open(browser, url);
  await page.rest();
  const times: Painted[] = [];
  for (let i = 0; i < REPAINTS + 4; i++) {
    const painted = await page.after(keys[i % 2]!);
    if (i >= 4) times.push(painted);
  }
  await page.close();
  return times;
}

/** To an epoch that the page has not asked for, in a new page with an empty cache each time. */
async function cold(browser: Browser, url: string): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < COLD; i++) {
    const page = await PaintedPage.open(browser, url);
    await page.rest();
    times.push((await page.after('Home')).ms);
    await page.close();
  }
  return times;
}

/** From `vanillascope ready` to the first live maps of the demo in a page, by someone who knows where to look; with the
 * engine that trained. */
async function firstSight(browser: Browser, args: string[]): Promise<{ ms: number; engine: string }> {
  const page = await PaintedPage.blank(browser);
  const server = await startServer(args);
  const ready = clock();
  const ask = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${server.url}/api/${path}`)).json()) as T;
  try {
    let runs: RunSummary[] = [];
    while (runs.length === 0) {
      runs = await ask('runs');
      await wait(20);
    }
    await page.go(`${server.url}/runs/${runs[0]!.id}`);
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      const first = (await page.frames()).find(({ shown }) => shown !== null);
      if (first)
        return { ms: first.shown! - ready, engine: (await ask<EngineReport>('engine')).chosen ?? 'none' };
      await wait(50);
    }
    throw new Error('the page shows no live maps');
  } finally {
    await page.close();
    await server.stop();
  }
}

/** From the network that a training step left, run for maps, to these maps on the page. */
async function live(browser: Browser, url: string, diary: string): Promise<number[]> {
  const page = await PaintedPage.open(browser, `${url}?layout=all`);
  let frames = await page.frames();
  const end = Date.now() + PATIENCE_MS;
  while (frames.filter(({ shown }) => shown !== null).length < REPAINTS + 5) {
    if (Date.now() > end) throw new Error(`only ${frames.length} live frames have come`);
    await wait(500);
    frames = await page.frames();
  }
  await page.close();
  const taps = new Map(
    readDiary(readFileSync(diary, 'utf8')).flatMap((e) => (e.is === 'live' ? [[e.step, e.at] as const] : [])),
  );
  return frames
    .slice(5) // the first ones find a page that is still being built
    .flatMap(({ step, shown }) => (shown !== null && taps.has(step) ? [shown - taps.get(step)!] : []));
}

async function recorded(server: Subject): Promise<string> {
  const { id } = await server.ask<{ id: string }>({ do: 'start', run: RECORDED });
  for (;;) {
    const { state, reason } = await server.ask<Record<string, string>>({ do: 'state', id });
    if (state === 'finished') return `${server.device}/runs/${id}`;
    if (state === 'failed') throw new Error(reason);
    await wait(500);
  }
}

export const bench: Bench = async (options) => {
  const rung = options.rungs[0]!;
  const browser = await openBrowser();
  const rows: Row[] = [];
  const add = (what: string, times: number[], target: number, by: Row['by'] = 'median'): void => {
    rows.push({ what, times, target, by });
  };
  const server = await Subject.server(rung);
  try {
    options.say('paint: recording');
    const url = await recorded(server);
    options.say('paint: all blocks');
    const all = await alternate(browser, `${url}?layout=all&epoch=3`, ['ArrowRight', 'ArrowLeft']);
    add(
      'paint all channels of all blocks',
      all.map(({ painting }) => painting),
      8,
    );
    add(
      'slider to a cached epoch, all blocks',
      all.map(({ ms }) => ms),
      16,
    );
    options.say('paint: one block');
    const block = await alternate(browser, `${url}?block=stages.2&epoch=3`, ['ArrowRight', 'ArrowLeft']);
    add(
      'slider to a cached epoch, one block',
      block.map(({ ms }) => ms),
      16,
    );
    const pair = await alternate(browser, `${url}?panel=compare&block=stages.1&a=0&b=5`, [']', '[']);
    add(
      'A, B and B − A of a block',
      pair.map(({ ms }) => ms),
      16,
    );
    options.say('paint: from disk');
    add('slider to an epoch on disk, all blocks', await cold(browser, `${url}?layout=all&epoch=4`), 100);
    add('slider to an epoch on disk, one block', await cold(browser, `${url}?block=stages.2&epoch=4`), 100);
    options.say('paint: live');
    const { id, diary } = await server.ask<{ id: string; diary: string }>({ do: 'start', run: LIVE });
    add(
      'tap to pixels, all blocks live',
      await live(browser, `${server.device}/runs/${id}`, diary),
      100,
      'p95',
    );
    server.end();
    options.say('paint: first sight');
    await firstSight(browser, []); // where the data set was not cached yet, it is now
    for (const [how, args] of [
      ['asked for', ['--backend', rung]],
      ['chosen', []],
    ] as const) {
      const sights = [];
      for (let i = 0; i < SIGHTS; i++) sights.push(await firstSight(browser, [...args]));
      const { engine } = sights[0]!;
      add(
        `ready to the first live maps, ${engine} ${how}`,
        sights.map(({ ms }) => ms),
        5000,
      );
    }
  } finally {
    server.end();
    await browser.close();
  }
  const table = markdownTable(
    ['what', 'times', 'median ms', 'p95 ms', 'at most'],
    rows.map(({ what, times, target, by }) => [
      what,
      String(times.length),
      digits(median(times), 1),
      digits(percentile(times, 0.95), 1),
      `${target}${by === 'p95' ? ' (p95)' : ''}`,
    ]),
  );
  const note =
    'Headless Chromium without a GPU, a window of 2560 × 1440, a real server with a recorded run of `vanillanet-7` on ' +
    '`shapes` (1,536 maps in six blocks), ranges locked. Painting is the sum over the canvases of one repaint, from ' +
    'asking for the context to the pixels being in it; the slider is moved by a key, counted from the key’s event to ' +
    'the last canvas; from disk the page has not asked for the epoch before. Live: the default preset trains; from ' +
    'running the network for the maps of all blocks to the browser drawing them. First sight: the demo on its cached ' +
    'data set, from the line `vanillascope ready` to live maps drawn in a window that stood open and empty and opens the ' +
    'run as soon as it is there, with an engine asked for by name and with the one that the ladder takes here.';
  return {
    data: rows,
    versions: [`${server.name}: ${server.version}`, `Chromium ${browser.version()}`],
    markdown: `${note}\n\n${table}`,
  };
};
