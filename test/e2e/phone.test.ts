import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import type { RunDetail } from '../../shared/protocol.ts';
import { startShort, trainShort } from './helper.ts';
import { setStage } from './stage.ts';

/** A run on a telephone: the maps come before the curves, the time stays in reach, and the page speaks Chinese where it
 * is asked to. */
let run: RunDetail;
const stage = setStage(async ({ url }) => {
  run = await trainShort(url);
  return `/runs/${run.id}`;
});

const maps = (): Locator => stage.page.getByRole('group', { name: 'Feature maps of stem.out' }).first();
const curves = (): Locator => stage.page.getByRole('region', { name: 'Curves of the run' });
const slider = (): Locator => stage.page.getByRole('slider', { name: 'Epoch' });
const top = async (what: Locator): Promise<number> => (await what.boundingBox())!.y;

/** Whether `before` stands before `after` in the document, and so for the keyboard and for a screen reader. */
async function precedes(before: Locator, after: Locator): Promise<boolean> {
  const [a, b] = await Promise.all([before.elementHandle(), after.elementHandle()]);
  return a!.evaluate((node, other) => (node.compareDocumentPosition(other!) & 4) !== 0, b);
}

test('the maps come before the curves, and begin in the first sight of the page', async () => {
  await stage.page.setViewportSize({ width: 390, height: 844 });
  await maps().getByRole('listbox').first().waitFor();
  await curves().waitFor();
  expect(await top(maps())).toBeLessThan(await top(curves()));
  expect(await precedes(maps(), curves())).toBe(true);
  expect(await precedes(slider(), maps())).toBe(true);
  const bar = await top(slider());
  expect(await top(maps().getByRole('listbox').first())).toBeLessThan(bar);
});

test('the slider and λ stay in sight wherever the page is scrolled to, and rule the maps from there', async () => {
  await curves().scrollIntoViewIfNeeded();
  const box = (await slider().boundingBox())!;
  expect(box.y).toBeGreaterThan(0);
  expect(box.y + box.height).toBeLessThanOrEqual(844);
  await slider().focus();
  await stage.page.keyboard.press('Home');
  await stage.page.keyboard.press('ArrowRight');
  await expect.poll(() => stage.asked('epoch')).toBe('1');
  await stage.page.locator('output').getByText(/^λ/).waitFor();
});

test('of the moments side by side, the one that is chosen comes first', async () => {
  const titles = await maps().getByRole('heading', { level: 3 }).allTextContents();
  expect(titles.map((title) => title.split(' ')[0])).toEqual(['Selected', 'Early', 'Mid', 'Late']);
});

test('sorting and ranges wait behind a button, which says whether they are shown', async () => {
  const more = stage.page.getByRole('button', { name: 'Sort and range' });
  expect(await more.getAttribute('aria-expanded')).toBe('false');
  expect(await stage.page.getByLabel('Hide dead').isVisible()).toBe(false);
  await more.click();
  expect(await more.getAttribute('aria-expanded')).toBe('true');
  await stage.page.getByLabel('Hide dead').waitFor();
});

test('where there is room, the curves stand beside the maps and before them', async () => {
  await stage.page.setViewportSize({ width: 1280, height: 900 });
  const chart = stage.page.getByRole('img', { name: /^Loss, Accuracy/ });
  // The page of the phone is shown until the browser has laid it out anew.
  await expect.poll(() => curves().count()).toBe(0);
  await chart.waitFor();
  expect(await precedes(chart, maps())).toBe(true);
});

test('in Chinese, why a run ended is told in Chinese, with the words of the server at hand', async () => {
  const { id } = await startShort(stage.url, { training: { epochs: 500, batchSize: 64 } });
  const state = (): Promise<RunDetail> => stage.json<RunDetail>(`/runs/${id}`);
  await expect.poll(async () => (await state()).epoch, { timeout: 120_000 }).toBeGreaterThan(0);
  await stage.json(`/runs/${id}/stop`, { method: 'POST' });
  await expect.poll(async () => (await state()).state, { timeout: 30_000 }).toBe('stopped');
  await stage.goto(`/runs/${id}`);
  await stage.page.getByRole('button', { name: /中文/ }).click();
  const { reason, epoch } = await state();
  const told = stage.page.getByText(`第 ${epoch} 轮之后按要求停止`);
  expect(await told.getAttribute('title')).toBe(reason);
});

test('nothing went wrong in the page meanwhile', () => {
  expect(stage.problems).toEqual([]);
});
