import { PNG } from 'pngjs';
import type { Locator, Request } from 'playwright-core';
import { expect, test } from 'vitest';
import { normalise, scaleOf } from '../../shared/colour.ts';
import { decodeFrame, readMap, type FrameTap } from '../../shared/frame.ts';
import type { RunDetail } from '../../shared/protocol.ts';
import { matchChannels } from '../../web/src/lib/compare/match.ts';
import { palette } from '../../web/src/lib/painting/palette.ts';
import { trainShort } from './helper.ts';
import { numberOf, pixelOf, recordedTap } from './readings.ts';
import { setStage } from './stage.ts';

/** Comparing epochs of a run, two runs, and what the activation does, on two short runs of other seeds. */
let first: RunDetail;
let second: RunDetail;

const stage = setStage(async ({ url }) => {
  first = await trainShort(url, { name: 'First', seed: 1 });
  second = await trainShort(url, { name: 'Second', seed: 2 });
  return `/runs/${first.id}?panel=compare&a=1&b=3`;
});

const stem = (run: RunDetail, snapshot: string): Promise<FrameTap> =>
  recordedTap(stage.url, run.id, snapshot, 'stem.out', 0);

/** The colour that pixel (x, y) of channel 0 has on the scale that both share. */
function colourOf(of: FrameTap, both: readonly FrameTap[], x: number, y: number): number[] {
  const scale = scaleOf(
    both.map((tap) => ({ tap, position: 0 })),
    { mode: 'channel', centred: true, clip: 0 },
  );
  const value = readMap(of, 0, 0)[y * of.shape[3] + x]!;
  const t = normalise(value, scale.low[0]!, scale.high[0]!);
  return [...new Uint8Array(palette('diverging').buffer).subarray(4 * Math.round(255 * t))].slice(0, 3);
}

/** What a person sees in the middle of pixel (x, y) of the one large map. */
async function seen(map: Locator, side: number, x: number, y: number): Promise<number[]> {
  const png = PNG.sync.read(await map.screenshot());
  const cell = png.width / side;
  return pixelOf(png, Math.floor((x + 0.5) * cell), Math.floor((y + 0.5) * cell));
}

/** Within what rounding a level of the palette may move. */
const near = (seen: number[], expected: number[]): void =>
  seen.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(4));

const large = (side: 'A' | 'B'): Locator =>
  stage.page
    .getByRole('listbox', { name: `${side}: stem.out, channel 0`, includeHidden: true })
    .locator('canvas');

test('blinking, held, shows either epoch in the same place, on one scale', async () => {
  const [a, b] = await Promise.all([stem(first, '1'), stem(first, '3')]);
  const side = a.shape[3];
  await stage.page.getByRole('radio', { name: 'Blink' }).check();
  await expect.poll(() => stage.asked('compare')).toBe('blink');
  for (const [name, tap] of [
    ['A', a],
    ['B', b],
  ] as const) {
    await stage.page
      .getByRole('group', { name: 'In front' })
      .getByRole('button', { name, exact: true })
      .click();
    await large(name).waitFor();
    near(await seen(large(name), side, 3, 9), colourOf(tap, [a, b], 3, 9));
  }
});

test('swiping shows A to the left of the divider and B to the right of it', async () => {
  const [a, b] = await Promise.all([stem(first, '1'), stem(first, '3')]);
  const side = a.shape[3];
  await stage.page.getByRole('radio', { name: 'Swipe' }).check();
  const divider = stage.page.getByRole('slider', { name: 'Divider between A and B' });
  await divider.fill('0.25');
  near(await seen(large('A'), side, 1, 5), colourOf(a, [a, b], 1, 5));
  near(await seen(large('A'), side, side - 2, 5), colourOf(b, [a, b], side - 2, 5));
  await divider.fill('0.9');
  near(await seen(large('A'), side, side - 6, 5), colourOf(a, [a, b], side - 6, 5));
});

test('two runs stand on one slider, and are subtracted only once their channels are matched', async () => {
  await stage.goto(`/runs/${first.id}?panel=compare&epoch=2`);
  await stage.page.getByRole('combobox', { name: 'Run' }).selectOption(second.id);
  await stage.page.getByText('Both runs at the slider: A epoch 2, B epoch 2').waitFor();
  const panel = stage.page.getByRole('region', { name: /^A, B/ });
  await panel.getByRole('heading', { name: /^B Second/ }).waitFor();
  expect(await panel.getByRole('heading', { name: 'B − A' }).count()).toBe(0);
  await stage.page.getByRole('checkbox', { name: 'Match channels by correlation' }).check();
  await panel.getByRole('heading', { name: 'B − A' }).waitFor();
  const taps = await Promise.all(
    [first, second].map(async ({ id }) => {
      const reply = await fetch(`${stage.url}/api/runs/${id}/snapshots/2?taps=stem.out`);
      return decodeFrame(new Uint8Array(await reply.arrayBuffer())).taps[0]!;
    }),
  );
  const { partner, correlation } = matchChannels(taps[0]!, taps[1]!);
  const said = await panel.getByText(/^B channel \d+, r /).innerText();
  const [, channel, r] = /channel (\d+), r (\S+)/.exec(said)!;
  expect(Number(channel)).toBe(partner[0]);
  expect(numberOf(r!)).toBeCloseTo(correlation[0]!, 2);
});

test('two runs are compared by the probe that is shown; the others are fetched after it', async () => {
  const fetched: URL[] = [];
  const note = (request: Request): void => {
    const url = new URL(request.url());
    if (url.pathname.endsWith('/snapshots/2')) fetched.push(url);
  };
  stage.page.on('requestfinished', note);
  await stage.goto(`/runs/${first.id}?panel=compare&epoch=2&probe=1&other=${second.id}`);
  for (const { id } of [first, second]) {
    const probes = (): (string | null)[] =>
      fetched.filter(({ pathname }) => pathname.includes(id)).map((url) => url.searchParams.get('probes'));
    await expect.poll(probes, { timeout: 20_000 }).toEqual(['1', null]);
  }
  stage.page.off('requestfinished', note);
});

test('the λ lens tells what the activation does to the recorded values', async () => {
  await stage.goto(`/runs/${first.id}?panel=lens&epoch=1&block=stages.0`);
  const numbers = stage.page.locator('.lens dl');
  await numbers
    .getByText('100.0 %')
    .or(numbers.getByText(/\d\d\.\d %/))
    .waitFor();
  const pre = await recordedTap(stage.url, first.id, '1', 'stages.0.pre', 0);
  const values = Array.from({ length: pre.shape[1] }, (_, c) => [...readMap(pre, 0, c)]).flat();
  const negative = values.filter((v) => v < 0);
  const lambda = 1; // the first epoch trains at a full ReLU
  const written = (await numbers.innerText()).split('\n').map((line) => line.trim());
  const after = (name: string): string => written[written.indexOf(name) + 1]!;
  expect(after('λ')).toBe('1.00');
  expect(Number.parseFloat(after('values below 0'))).toBeCloseTo((100 * negative.length) / values.length, 1);
  const change = (-lambda * negative.reduce((sum, v) => sum + v, 0)) / values.length;
  expect(Number(after('mean |act − pre|'))).toBeCloseTo(change, 2);
  await stage.goto(`/runs/${first.id}?panel=lens&epoch=3m`);
  await stage.page.getByRole('button', { name: 'Go to epoch 3, the last before the merge' }).click();
  await stage.page.getByText('At λ 0 the activation is the identity').waitFor();
});

test('nothing went wrong in the page meanwhile', () => {
  expect(stage.problems).toEqual([]);
});
