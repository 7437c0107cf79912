import { expect, test } from 'vitest';
import { normalise, scaleOf } from '../../shared/colour.ts';
import { readMap } from '../../shared/frame.ts';
import type { RunSummary, SnapshotInfo } from '../../shared/protocol.ts';
import { figureLayout } from '../../web/src/lib/painting/figure.ts';
import { palette } from '../../web/src/lib/painting/palette.ts';
import { openPage } from './helper.ts';
import { pixelOf, readAt, recordedTap, saved } from './readings.ts';
import { setStage } from './stage.ts';

/** The walk of someone who has read nothing: the demo trains by itself, and everything is looked at in its course. */
let run: string;
const stage = setStage(async () => '/', ['--backend', 'wasm']);
const { json } = stage;

const snapshots = (): Promise<SnapshotInfo[]> => json(`/runs/${run}/snapshots`);

test('an empty runs folder starts the demo, which stands in the list', async () => {
  const row = stage.page.getByRole('link', { name: /demo/i });
  await row.waitFor();
  const [first] = await json<RunSummary[]>('/runs');
  expect(first).toMatchObject({ dataset: 'emoji', preset: 'small' });
  run = first!.id;
  await row.click();
  await stage.page.waitForURL(`**/runs/${run}`);
});

test('the live maps of the stem form and change while it trains', async () => {
  const canvas = stage.page
    .getByRole('listbox', { name: 'Feature maps of stem.out', exact: true })
    .last()
    .locator('canvas');
  await canvas.waitFor();
  const picture = (): Promise<string> => canvas.evaluate((c) => (c as HTMLCanvasElement).toDataURL());
  await stage.page
    .getByText(/epoch \d+\.\d\d/)
    .first()
    .waitFor();
  const before = await picture();
  await expect.poll(picture, { timeout: 120_000, interval: 500 }).not.toBe(before);
});

test('the slider goes back to a recorded epoch and the address follows', async () => {
  // Epochs 0 to 3: the slider follows where it stands at the end, and epoch 2, looked at below, must not be the end.
  await expect.poll(async () => (await snapshots()).length, { timeout: 240_000 }).toBeGreaterThanOrEqual(4);
  const thumb = stage.page.getByRole('slider', { name: 'Epoch' });
  await thumb.focus();
  await stage.page.keyboard.press('Home');
  await expect.poll(() => thumb.getAttribute('aria-valuetext')).toMatch(/\b0\b/);
  await stage.page.keyboard.press('ArrowRight');
  await expect.poll(() => stage.asked('epoch')).toBe('1');
});

test('the value under the pointer is the recorded one', async () => {
  const panel = stage.page.getByRole('group', { name: 'Feature maps of stem.out' }).last();
  const maps = panel.getByRole('listbox', { name: 'stem.out, channel 0' }).locator('canvas');
  const { channel, x, y, values } = await readAt(panel, maps, { x: 100, y: 60 });
  const tap = await recordedTap(stage.url, run, '1', 'stem.out', 0);
  const recorded = readMap(tap, 0, channel)[y * tap.shape[3] + x]!;
  expect(values['value']).toBeCloseTo(recorded, 3);
});

test('A and B, pinned, show their signed difference', async () => {
  await stage.page.getByRole('button', { name: 'Pin this epoch as A' }).click();
  await stage.page.keyboard.press('ArrowRight');
  await expect.poll(() => stage.asked('epoch')).toBe('2');
  await stage.page.getByRole('button', { name: 'Pin this epoch as B' }).click();
  await stage.page.getByRole('tab', { name: 'Compare' }).click();
  const pins = (): (string | null)[] => ['a', 'b'].map((name) => stage.asked(name));
  await expect.poll(pins).toEqual(['1', '2']);
  const panel = stage.page.getByRole('region', { name: /^A, B/ });
  const maps = panel.getByRole('listbox', { name: /^A: stem\.out, channel/ }).locator('canvas');
  const { channel, x, y, values } = await readAt(panel, maps, { x: 60, y: 60 });
  const [a, b] = await Promise.all(['1', '2'].map((id) => recordedTap(stage.url, run, id, 'stem.out', 0)));
  const at = y * a!.shape[3] + x;
  const [valueA, valueB] = [readMap(a!, 0, channel)[at]!, readMap(b!, 0, channel)[at]!];
  expect(values['A']).toBeCloseTo(valueA, 3);
  expect(values['B']).toBeCloseTo(valueB, 3);
  expect(values['B − A']).toBeCloseTo(valueB - valueA, 3);
});

test('a map exports as a PNG of the recorded values, with its caption', async () => {
  await stage.page.getByRole('tab', { name: 'Maps' }).click();
  await stage.page.getByLabel('Locked').uncheck(); // the range is that of the epoch alone
  const panel = stage.page.getByRole('group', { name: 'Feature maps of stem.out' }).last();
  const { name, png } = await saved(stage.page, panel.getByRole('button', { name: 'PNG of this map' }));
  expect(name).toMatch(/stem[-.]out.*\.png$/);
  const tap = await recordedTap(stage.url, run, '2', 'stem.out', 0);
  const [, , height, width] = tap.shape;
  const layout = figureLayout({
    maps: { count: 1, height, width },
    scale: 256 / width,
    caption: ['run', 'epoch', 'range'],
    measure: () => 10,
  });
  expect(png.width).toBe(layout.width);
  expect(png.height).toBeGreaterThanOrEqual(layout.height);
  const map = readMap(tap, 0, 0);
  const scale = scaleOf([{ tap, position: 0 }], { mode: 'channel', centred: true, clip: 0 });
  const colours = new Uint8Array(palette('diverging').buffer);
  const cell = 256 / width;
  for (const [x, y] of [
    [0, 0],
    [5, 9],
    [width - 1, height - 1],
  ] as const) {
    const t = normalise(map[y * width + x]!, scale.low[0]!, scale.high[0]!);
    const expected = colours.subarray(4 * Math.round(255 * t), 4 * Math.round(255 * t) + 3);
    const painted = pixelOf(png, layout.gridX + x * cell + cell / 2, layout.gridY + y * cell + cell / 2);
    painted.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(4));
  }
  const below = png.data.subarray(4 * png.width * layout.tickY);
  expect(below.some((value, i) => i % 4 < 3 && value < 64)).toBe(true); // the caption's ink
});

test('a link restores the view', async () => {
  await stage.page.getByRole('tab', { name: 'Compare' }).click();
  await expect.poll(() => stage.asked('panel')).toBe('compare');
  const other = await openPage(stage.browser, stage.page.url());
  const thumb = other.page.getByRole('slider', { name: 'Epoch' });
  await expect.poll(() => thumb.getAttribute('aria-valuetext')).toMatch(/\b2\b/);
  await other.page.getByRole('region', { name: /^A, B/ }).waitFor();
  expect(other.problems).toEqual([]);
  await other.page.close();
});

test('at 390 pixels wide nothing is cut off sideways', async () => {
  await stage.page.setViewportSize({ width: 390, height: 844 });
  const widest = (): Promise<number> => stage.page.evaluate(() => document.documentElement.scrollWidth);
  await expect.poll(widest).toBeLessThanOrEqual(390);
  expect(stage.problems).toEqual([]);
});
