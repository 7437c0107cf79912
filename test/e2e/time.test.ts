import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import type { EpochMetrics, RunDetail, SnapshotInfo } from '../../shared/protocol.ts';
import { epochScale } from '../../web/src/lib/charts/layout.ts';
import { openPage, startShort } from './helper.ts';
import { openWire } from './wire.ts';
import { setStage } from './stage.ts';

/** The time axis of one run that records every second epoch: typed epochs, a range, the film, keys, stages, links, and
 * a connection that is lost. */
let run: RunDetail;
const stage = setStage(async ({ url }) => {
  run = await startShort(url, {
    name: 'Time',
    seed: 1,
    training: { epochs: 12, batchSize: 64 },
    recording: { every: 2 },
  });
  return '/';
});
const { json, asked } = stage;
const thumb = (): Locator => stage.page.getByRole('slider', { name: 'Epoch' });

const command = (verb: 'pause' | 'resume'): Promise<unknown> =>
  json(`/runs/${run.id}/${verb}`, { method: 'POST' });
const reach = (state: string): Promise<void> =>
  expect
    .poll(async () => (await json<RunDetail>(`/runs/${run.id}`)).state, { timeout: 120_000, interval: 100 })
    .toBe(state);
const open = async (query: string): Promise<void> => {
  await stage.goto(`/runs/${run.id}${query}`);
  await thumb().waitFor();
};
/** What the slider says: 'Epoch 4', 'Epoch 12 ⊕'. */
const spoken = async (): Promise<string> =>
  ((await thumb().getAttribute('aria-valuetext')) ?? '').split(',')[0]!.replace(/\s/g, ' ');
const shows = (epoch: string): Promise<void> => expect.poll(spoken).toBe(`Epoch ${epoch}`);

test('a lost connection is shown, heals by itself and says what it missed', async () => {
  // It waits for the browser, so that there is something to miss.
  await reach('running');
  await expect
    .poll(async () => (await json<EpochMetrics[]>(`/runs/${run.id}/metrics`)).length, { timeout: 60_000 })
    .toBeGreaterThan(1); // an axis has two ends
  await command('pause');
  await reach('paused');
  const wire = await openWire(stage.url);
  const { page } = await openPage(stage.browser, `${wire.url}/runs/${run.id}`);
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
  await page.getByRole('slider', { name: 'Epoch' }).waitFor();
  const [epochs, snapshots] = await Promise.all([
    json<EpochMetrics[]>(`/runs/${run.id}/metrics`),
    json<SnapshotInfo[]>(`/runs/${run.id}/snapshots`),
  ]);
  wire.cut();
  const lost = page.getByText('The connection is lost.');
  await lost.waitFor();
  const [said, heading] = [await lost.boundingBox(), await page.locator('header h1').boundingBox()];
  expect(said!.y).toBeGreaterThan(heading!.y + heading!.height); // it hides no name
  await command('resume');
  await reach('finished');
  wire.mend();
  const line = page.getByText(/^Reconnected: (\d+) epochs? and (\d+) snapshots? came meanwhile\./);
  await line.waitFor();
  const [missedEpochs, missedSnapshots] = ((await line.textContent()) ?? '').match(/\d+/g)!.map(Number);
  const [allEpochs, allSnapshots] = [13, 8]; // with the untrained network, and the merged one
  expect(missedEpochs).toBe(allEpochs - epochs.length);
  expect(missedSnapshots).toBe(allSnapshots - snapshots.length);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await line.waitFor({ state: 'detached' });
  await expect
    .poll(() => page.getByRole('slider', { name: 'Epoch' }).getAttribute('aria-valuetext'))
    .toMatch(/^Epoch 12\s⊕/);
  await page.close();
  wire.close();
});

test('a typed epoch goes there, an epoch without a snapshot to the nearest, which is said', async () => {
  await open('');
  const entry = stage.page.getByRole('textbox', { name: 'Go to epoch' });
  await entry.fill('4');
  await entry.press('Enter');
  await shows('4');
  await expect.poll(() => asked('epoch')).toBe('4');
  await entry.fill('9');
  await entry.press('Enter');
  await shows('8');
  const notice = stage.page.getByText('Epoch 9 has no snapshot; the nearest, 8, is shown.');
  await notice.waitFor();
  await entry.fill('soon');
  await entry.press('Enter');
  await stage.page.getByText('Type an epoch from 0 to 12, or m for the merge.').waitFor();
  await entry.press('d'); // a letter, not a command
  expect(await stage.page.getByRole('tab', { name: 'Maps' }).getAttribute('aria-selected')).toBe('true');
  await entry.fill('m');
  await entry.press('Enter');
  await shows('12 ⊕');
  expect(await notice.count()).toBe(0);
  await open('?epoch=5');
  await stage.page.getByText('Epoch 5 has no snapshot; the nearest, 4, is shown.').waitFor();
  await shows('4');
});

test('a range drawn on the axis is what charts and slider show, and a double click ends it', async () => {
  await open('?epoch=6');
  const axis = stage.page.locator('svg:has(.overlay)');
  const box = (await axis.boundingBox())!;
  const x = epochScale(12.5, box.width);
  const at = (epoch: number): [number, number] => [box.x + x(epoch), box.y + box.height / 2];
  await stage.page.mouse.move(...at(4));
  await stage.page.mouse.down();
  await stage.page.mouse.move(...at(7), { steps: 3 });
  await stage.page.mouse.move(...at(10), { steps: 3 });
  await stage.page.mouse.up();
  await expect.poll(() => [asked('from'), asked('to')]).toEqual(['4', '10']);
  const bounds = async (): Promise<(string | null)[]> =>
    Promise.all([thumb().getAttribute('aria-valuemin'), thumb().getAttribute('aria-valuemax')]);
  expect(await bounds()).toEqual(['4', '10']);
  const labels = (await stage.page.locator('figure > svg:first-child > text.note').allTextContents()).filter(
    (t) => /^\d+$/.test(t),
  );
  expect([labels[0], labels.at(-1)]).toEqual(['4', '10']);
  await stage.page.getByText('Epochs 4 to 10').waitFor();
  await shows('6');
  // A click on the axis picks by the same scale: the middle is now epoch 7, and the earlier neighbour is taken.
  await stage.page.mouse.click(box.x + (x(0) + x(12.5)) / 2 + 8, box.y + box.height / 2);
  await shows('8');
  await stage.page.mouse.dblclick(...at(6));
  await expect.poll(() => [asked('from'), asked('to')]).toEqual([null, null]);
  await expect.poll(bounds).toEqual(['0', '12.5']);
});

test('the film goes by its stride and begins anew in a loop', async () => {
  await open('?epoch=0&stride=3&speed=10&loop=true');
  await stage.page.evaluate(() => {
    const slider = document.querySelector('[role=slider]')!;
    const seen: string[] = [];
    (globalThis as unknown as { seen: string[] }).seen = seen;
    new MutationObserver(() => {
      const said = slider.getAttribute('aria-valuetext')!.split(',')[0]!;
      if (seen.at(-1) !== said) seen.push(said);
    }).observe(slider, { attributes: true });
  });
  const seen = async (): Promise<string[]> =>
    (await stage.page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)).map((said) =>
      said.replace('Epoch ', '').replace(/\s/g, ' '),
    );
  await stage.page.keyboard.press(' ');
  await expect.poll(async () => (await seen()).length).toBeGreaterThanOrEqual(5);
  await stage.page.keyboard.press(' ');
  expect((await seen()).slice(0, 5)).toEqual(['6', '12', '12 ⊕', '0', '6']);
  await stage.page.getByRole('button', { name: 'Play the snapshots' }).waitFor();
});

test('arrows with Shift go by the stride, Home and End to the ends, D to the difference and back', async () => {
  await open('?epoch=0');
  await stage.page.keyboard.press('Shift+ArrowRight');
  await shows('10');
  await open('?epoch=0&stride=2');
  await stage.page.keyboard.press('Shift+ArrowRight');
  await shows('4');
  await thumb().focus();
  await stage.page.keyboard.press('Shift+ArrowRight');
  await shows('8');
  await thumb().blur();
  await stage.page.keyboard.press('Home');
  await shows('0');
  await stage.page.keyboard.press('End');
  await shows('12 ⊕');
  await stage.page.keyboard.press('d');
  await expect.poll(() => asked('panel')).toBe('compare');
  await stage.page.keyboard.press('d');
  await expect.poll(() => asked('panel')).toBeNull();
});

test('stages go by thirds of λ until someone sets their own values or lets the features decide', async () => {
  await open('');
  await stage.page.getByText('Stages by thirds of λ: early λ > 0.67, mid λ > 0.33').waitFor();
  await stage.page.getByRole('button', { name: 'Change how early, mid and late are told apart' }).click();
  await stage.page.getByRole('radio', { name: 'Own values of λ' }).click();
  const mid = stage.page.getByLabel('Mid from λ =');
  await mid.fill('0.2');
  await mid.press('Tab');
  await stage.page.getByText('Mid must begin at a greater λ than late.').waitFor();
  await mid.fill('0.9');
  await mid.press('Tab');
  await stage.page.getByText('Stages by chosen values of λ: early λ > 0.90, mid λ > 0.33').waitFor();
  await expect.poll(() => asked('stages')).toBe('0.9,0.33');
  await stage.page.getByRole('radio', { name: 'Found from the features' }).click();
  await stage.page
    .getByText(/Stages by the drift of features: early to epoch \d+, mid to epoch \d+/)
    .waitFor();
});

test('a link restores the time axis', async () => {
  const query = '?epoch=8&from=2&to=10&stages=0.8%2C0.1&stride=4&speed=5&loop=true';
  const other = await openPage(stage.browser, `${stage.url}/runs/${run.id}${query}`);
  const slider = other.page.getByRole('slider', { name: 'Epoch' });
  await expect.poll(() => slider.getAttribute('aria-valuetext')).toMatch(/^Epoch 8,/);
  expect(await slider.getAttribute('aria-valuemin')).toBe('2');
  expect(await slider.getAttribute('aria-valuemax')).toBe('10');
  await other.page.getByText('Stages by chosen values of λ: early λ > 0.80, mid λ > 0.10').waitFor();
  await other.page.getByRole('button', { name: 'Speed, stride and range' }).click();
  expect(await other.page.getByRole('radio', { name: '5 snapshots a second', exact: true }).isChecked()).toBe(
    true,
  );
  expect(await other.page.getByLabel('Stride', { exact: true }).inputValue()).toBe('4');
  expect(await other.page.getByRole('checkbox', { name: 'Loop' }).isChecked()).toBe(true);
  expect(await other.page.getByLabel('From epoch').inputValue()).toBe('2');
  await other.page.getByRole('button', { name: 'Whole run' }).last().click();
  await expect.poll(() => slider.getAttribute('aria-valuemax')).toBe('12.5');
  expect(new URL(other.page.url()).searchParams.get('stride')).toBe('4');
  expect(other.problems).toEqual([]);
  await other.page.close();
  expect(stage.problems).toEqual([]);
});
