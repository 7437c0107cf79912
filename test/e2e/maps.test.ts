import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { normalise, reachOf, scaleOfReach, uniteReaches, type Reach } from '../../shared/colour.ts';
import { readMap } from '../../shared/frame.ts';
import { contrast } from '../../shared/measures.ts';
import { describeBlocks } from '../../shared/network.ts';
import type { RunDetail, SnapshotInfo } from '../../shared/protocol.ts';
import { receptiveField } from '../../web/src/lib/maps/receptiveField.ts';
import { palette } from '../../web/src/lib/painting/palette.ts';
import { trainShort } from './helper.ts';
import { numberOf, readAt, recordedTap } from './readings.ts';
import { setStage } from './stage.ts';

/** The maps' panel on a short recorded run: all blocks, the order of the channels, ranges, what a pixel sees. */
let run: RunDetail;
let snapshots: SnapshotInfo[];
const stage = setStage();
const { json } = stage;

/** The reach of a tap over all recorded moments, as the frames' own ranges tell. */
async function lockedReach(tap: string): Promise<Reach> {
  const reaches = snapshots.map(async ({ id }) =>
    reachOf([{ tap: await recordedTap(stage.url, run.id, id, tap, 0) }], { mode: 'channel', clip: 0 }),
  );
  return uniteReaches(await Promise.all(reaches));
}

/** Shows a view of the run, once its ranges have been read. */
async function show(query: string): Promise<void> {
  await stage.goto(`/runs/${run.id}?${query}`);
  await stage.page.getByText(`range locked over ${snapshots.length} recorded moments`).waitFor();
}

/** Red, green and blue where something points. */
const colourAt = (canvas: Locator, { x, y }: { x: number; y: number }): Promise<number[]> =>
  canvas.evaluate(
    (node, at) => {
      const { data } = (node as HTMLCanvasElement).getContext('2d')!.getImageData(at.x, at.y, 1, 1);
      return [...data.slice(0, 3)];
    },
    { x, y },
  );

test('a short run records moments to look at', async () => {
  run = await trainShort(stage.url, {
    name: 'Maps',
    seed: 1,
  });
  snapshots = await json<SnapshotInfo[]>(`/runs/${run.id}/snapshots`);
  expect(snapshots.length).toBe(5); // before the first step, three epochs, after the merge
});

test('strips of all blocks show the recorded values in the colours of the locked range', async () => {
  await show('layout=all&epoch=2');
  const region = stage.page.locator('section').filter({ hasText: 'Feature maps of all blocks' });
  for (const id of ['stem.out', 'stages.0.out', 'stages.2.out']) {
    const maps = stage.page.getByRole('listbox', { name: `Feature maps of ${id}` }).locator('canvas');
    await maps.scrollIntoViewIfNeeded();
    const at = { x: 40, y: 9 };
    const { channel, x, y, values } = await readAt(region, maps, at);
    const tap = await recordedTap(stage.url, run.id, '2', id, 0);
    const value = readMap(tap, 0, channel)[y * tap.shape[3] + x]!;
    expect(values['value']).toBeCloseTo(value, 3);
    const options = { mode: 'channel', centred: true, clip: 0 } as const;
    const { low, high } = scaleOfReach(await lockedReach(id), [], options);
    const index = Math.round(255 * normalise(value, low[channel]!, high[channel]!));
    const expected = new Uint8Array(palette('diverging').buffer).subarray(4 * index, 4 * index + 3);
    const painted = await colourAt(maps, at);
    painted.forEach((c, i) => expect(Math.abs(c - expected[i]!), `${id}`).toBeLessThanOrEqual(4));
  }
  await stage.page.getByRole('listbox', { name: 'Values of logits' }).waitFor();
});

test('a click on a strip’s title shows its block in full', async () => {
  await stage.page.getByRole('button', { name: 'Stage 1', exact: true }).click();
  await stage.page.getByRole('listbox', { name: 'stages.1.out, channel 0' }).waitFor();
  await expect.poll(() => stage.asked('block')).toBe('stages.1');
});

test('sorted by contrast, channels stand as their recorded values have it', async () => {
  await show('epoch=2&block=stages.0');
  await stage.page.getByLabel('Sort').selectOption('contrast');
  await expect.poll(() => stage.asked('sort')).toBe('contrast');
  const tap = await recordedTap(stage.url, run.id, '2', 'stages.0.out', 0);
  const keys = Array.from({ length: tap.shape[1] }, (_, c) => contrast(readMap(tap, 0, c)));
  const expected = keys.map((_, c) => c).sort((a, b) => keys[b]! - keys[a]! || a - b);
  const maps = stage.page.getByRole('listbox', { name: 'Feature maps of stages.0.out', exact: true }).last();
  await maps.focus();
  const shown: number[] = [];
  for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'End']) {
    await stage.page.keyboard.press(key);
    const said = await maps.getByRole('option').getAttribute('aria-label');
    shown.push(Number(/channel (\d+)/.exec(said!)![1]));
  }
  expect(shown).toEqual([...expected.slice(0, 3), expected.at(-1)]);
  await stage.page
    .getByText(/contrast 0\.\d+|contrast \d/)
    .first()
    .waitFor();
});

test('what a pixel sees is outlined on the probe', async () => {
  await show('epoch=2&block=stages.1&tap=pool');
  const panel = stage.page.getByRole('group', { name: 'Feature maps of stages.1.pool' }).last();
  const maps = panel.getByRole('listbox', { name: 'stages.1.pool, channel 0' }).locator('canvas');
  const { x, y } = await readAt(panel, maps, { x: 70, y: 20 });
  const tap = describeBlocks(run.config.network)
    .flatMap((block) => block.taps)
    .find(({ id }) => id === 'stages.1.pool')!;
  const [x0, y0, x1, y1] = receptiveField(run.config.network, tap, x, y);
  const frame = panel.locator('rect.frame');
  const drawn = await frame.evaluate((node) =>
    ['x', 'y', 'width', 'height'].map((name) => Number(node.getAttribute(name))),
  );
  expect(drawn).toEqual([x0, y0, x1 - x0, y1 - y0]);
});

test('the locked range reaches from the least to the largest value of all recorded epochs', async () => {
  await show('epoch=1');
  const { least, most } = await lockedReach('stem.out');
  const top = Math.max(-least[0]!, most[0]!);
  const panel = stage.page.getByRole('group', { name: 'Feature maps of stem.out' }).last();
  const range = panel.locator('.bar .range').last();
  const ends = async (): Promise<number[]> => (await range.innerText()).split(' … ').map(numberOf);
  await expect.poll(async () => (await ends())[1]).toBeCloseTo(top, 2);
  await stage.page.getByLabel('Locked').uncheck();
  const alone = reachOf([{ tap: await recordedTap(stage.url, run.id, '1', 'stem.out', 0), position: 0 }], {
    mode: 'channel',
    clip: 0,
  });
  const own = Math.max(-alone.least[0]!, alone.most[0]!);
  await expect.poll(async () => (await ends())[1]).toBeCloseTo(own, 2);
  expect(stage.problems).toEqual([]);
});
