import type { Locator } from 'playwright-core';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { normalise, scaleOf } from '../../shared/colour.ts';
import { readMap } from '../../shared/frame.ts';
import type { ProbeInfo, RunDetail } from '../../shared/protocol.ts';
import { figureLayout } from '../../web/src/lib/painting/figure.ts';
import { palette } from '../../web/src/lib/painting/palette.ts';
import { trainShort } from './helper.ts';
import { pixelOf, readAt, recordedTap, saved } from './readings.ts';
import { setStage } from './stage.ts';

/** Someone brings images of their own to a run that has been recorded. */
let run: RunDetail;
let own: ProbeInfo;
const stage = setStage(async ({ url }) => {
  run = await trainShort(url, { name: 'Own images', seed: 1 });
  return `/runs/${run.id}?epoch=1`;
});
const { json, asked } = stage;

const probes = (): Promise<ProbeInfo[]> => json(`/runs/${run.id}/probes`);
const tile = (name: string): Locator =>
  stage.page.getByRole('radio', { name: `Your image: ${name}`, exact: true });
const maps = (): Locator => stage.page.getByRole('group', { name: 'Feature maps of stem.out' }).last();
/** Wider than high, with an edge and a slope. */
const picture = (): Promise<Buffer> =>
  sharp(
    Uint8Array.from({ length: 60 * 40 * 3 }, (_, i) => {
      const [x, c] = [Math.floor(i / 3) % 60, i % 3];
      return c === 0 ? 4 * x : c === 1 ? (x < 30 ? 220 : 40) : Math.floor(i / 180) * 6;
    }),
    { raw: { width: 60, height: 40, channels: 3 } },
  )
    .png()
    .toBuffer();

test('a short run is recorded to its end', async () => {
  await stage.page.getByRole('button', { name: 'Your image' }).waitFor();
});

test('an image that is picked becomes a tile, as the network sees it, and the probe of the page', async () => {
  const before = await probes();
  await stage.page
    .locator('input[type=file]')
    .setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: await picture() });
  await tile('mine.png').waitFor();
  own = (await probes()).at(-1)!;
  expect(own).toMatchObject({ index: before.length, own: 'mine.png' });
  await expect.poll(() => asked('probe')).toBe(String(own.index));
  expect(await tile('mine.png').getAttribute('aria-checked')).toBe('true');
  const side = (): Promise<number> =>
    tile('mine.png')
      .locator('img')
      .evaluate((image) => (image as HTMLImageElement).naturalWidth);
  await expect.poll(side).toBe(32);
});

test('its maps at two epochs show the values that REST gives', async () => {
  const seen: number[] = [];
  for (const epoch of ['1', '2']) {
    await expect.poll(() => asked('epoch')).toBe(epoch);
    const single = maps()
      .getByRole('listbox', { name: /^stem\.out, channel \d+$/ })
      .locator('canvas');
    const tap = await recordedTap(stage.url, run.id, epoch, 'stem.out', own.index);
    expect(tap.shape[0]).toBe(1);
    const read = async (): Promise<number> => {
      const { channel, x, y, values } = await readAt(maps(), single, { x: 110, y: 70 });
      seen.push(values['value']!);
      return values['value']! - readMap(tap, 0, channel)[y * tap.shape[3] + x]!;
    };
    await expect.poll(async () => Math.abs(await read()), { timeout: 20_000 }).toBeLessThan(5e-4);
    if (epoch === '2') break;
    await stage.page.getByRole('slider', { name: 'Epoch' }).focus();
    await stage.page.keyboard.press('ArrowRight');
  }
  expect(new Set(seen).size).toBeGreaterThan(1);
});

test('a figure of its map is painted from those values and bears its name', async () => {
  const locked = stage.page.getByLabel('Locked');
  if (await locked.isChecked()) await locked.uncheck(); // the range is that of the image at this epoch alone
  const { png } = await saved(stage.page, maps().getByRole('button', { name: 'PNG of this map' }));
  const tap = await recordedTap(stage.url, run.id, '2', 'stem.out', own.index);
  const [, , height, width] = tap.shape;
  const layout = figureLayout({
    maps: { count: 1, height, width },
    scale: 256 / width,
    caption: ['run', 'epoch', 'range'],
    measure: () => 10,
  });
  const scale = scaleOf([{ tap, position: 0 }], { mode: 'channel', centred: true, clip: 0 });
  const colours = new Uint8Array(palette('diverging').buffer);
  const map = readMap(tap, 0, 0);
  const cell = 256 / width;
  for (const [x, y] of [
    [1, 2],
    [width - 2, height - 3],
  ] as const) {
    const t = normalise(map[y * width + x]!, scale.low[0]!, scale.high[0]!);
    const expected = colours.subarray(4 * Math.round(255 * t), 4 * Math.round(255 * t) + 3);
    const painted = pixelOf(png, layout.gridX + x * cell + cell / 2, layout.gridY + y * cell + cell / 2);
    painted.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(4));
  }
});

test('what is dropped is taken too, and what can’t be read is told and can be dismissed', async () => {
  const bytes = [...(await picture())];
  await stage.page.evaluate((content) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(content)], 'dropped.png', { type: 'image/png' }));
    data.items.add(new File(['GIF89a'], 'dance.gif', { type: 'image/gif' }));
    data.items.add(new File(['no image'], 'broken.png', { type: 'image/png' }));
    const fire = (type: string): boolean =>
      window.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    fire('dragenter');
    fire('dragover');
    fire('drop');
  }, bytes);
  await tile('dropped.png').waitFor();
  await stage.page.getByText('dance.gif is no image that can be read: JPEG, PNG and WebP can.').waitFor();
  await stage.page.getByText('broken.png: the file is no image of a known type').waitFor();
  const dismiss = stage.page.getByRole('button', { name: 'Dismiss' });
  for (let left = await dismiss.count(); left > 0; left--) await dismiss.first().click();
  expect(await stage.page.getByText('dance.gif').count()).toBe(0);
  expect((await probes()).map((probe) => probe.own).filter(Boolean)).toEqual(['mine.png', 'dropped.png']);
});

test('without a camera the camera’s dialog says so and nothing breaks', async () => {
  await stage.page.getByRole('button', { name: 'Camera' }).click();
  const dialog = stage.page.getByRole('dialog', { name: 'Camera frames' });
  await dialog
    .getByRole('alert')
    .getByText(/No camera was found|does not let this page use the camera/)
    .waitFor();
  expect(await dialog.getByRole('button', { name: 'Take', exact: true }).isDisabled()).toBe(true);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'detached' });
});

test('a link restores the image, and removing it gives the page back to the other probes', async () => {
  await stage.goto(`/runs/${run.id}?epoch=1&probe=${own.index}`);
  await stage.page.getByRole('button', { name: 'Remove your image mine.png' }).click();
  await tile('mine.png').waitFor({ state: 'detached' });
  await expect.poll(() => asked('probe')).toBe(String(own.index - 1));
  expect((await probes()).map((probe) => probe.index)).not.toContain(own.index);
  // Also without a pointer.
  await tile('dropped.png').focus();
  await stage.page.keyboard.press('Space');
  await stage.page.keyboard.press('Delete');
  await tile('dropped.png').waitFor({ state: 'detached' });
  expect((await probes()).every((probe) => probe.own === undefined)).toBe(true);
});

test('nothing went wrong in the browser meanwhile', () => {
  // The browser itself logs what the server refuses, and what is not there any more.
  const unasked = stage.problems.filter((text) => !/status of 4\d\d/.test(text));
  expect(unasked).toEqual([]);
});
