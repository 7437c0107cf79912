import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { RunDetail } from '../../shared/protocol.ts';
import { startShort } from './helper.ts';
import { setStage } from './stage.ts';

/** What a page says of a run that waits, is paused, stopped or deleted, of a long name, and of no run at all. */
const NAME = 'A run whose name goes on for longer than any line of a telephone has room for it';
let run: RunDetail;
const stage = setStage();
const stateIn = (page: Page): Locator =>
  page.locator('header').filter({ has: page.getByRole('heading', { level: 1 }) });
const { json, goto } = stage;

const colourOf = (text: string): Promise<string> =>
  stage.page.getByText(text).evaluate((node) => getComputedStyle(node).color);
const danger = (): Promise<string> =>
  stage.page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = 'var(--danger)';
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  });

test('a first visit offers a new run once, and is told what a run does', async () => {
  await stage.page.getByText('No runs yet').waitFor();
  expect(await stage.page.getByRole('main').getByRole('link', { name: 'New run' }).count()).toBe(1);
});

test('a run is paused and resumed by its buttons', async () => {
  const { page } = stage;
  run = await startShort(stage.url, { name: NAME, training: { epochs: 500, batchSize: 64 } });
  await goto(`/runs/${run.id}`);
  const state = stateIn(page);
  await state.getByText('Running', { exact: true }).waitFor({ timeout: 120_000 });
  await page.getByRole('button', { name: `Pause: ${NAME}` }).click();
  await state.getByText('Paused', { exact: true }).waitFor();
  await page.getByRole('button', { name: `Resume: ${NAME}` }).click();
  await state.getByText('Running', { exact: true }).waitFor();
});

test('a pause between what a page reads and its connection is not missed', async () => {
  const page = await stage.browser.newPage();
  let connect = (): void => undefined;
  const paused = new Promise<void>((resolve) => (connect = resolve));
  await page.routeWebSocket(/socket\.io/, async (socket) => {
    await paused;
    socket.connectToServer();
  });
  await page.goto(`${stage.url}/runs/${run.id}`);
  await stateIn(page).getByText('Running', { exact: true }).waitFor();
  await json(`/runs/${run.id}/pause`, { method: 'POST' });
  await expect.poll(async () => (await json<RunDetail>(`/runs/${run.id}`)).state).toBe('paused');
  connect();
  await stateIn(page).getByText('Paused', { exact: true }).waitFor();
  await page.close();
});

test('a run is stopped by its button, and that is no alarm', async () => {
  const { page } = stage;
  await page.getByRole('button', { name: `Stop: ${NAME}` }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Stop' }).click();
  await stateIn(page).getByText('Stopped', { exact: true }).waitFor();
  const { reason } = await json<RunDetail>(`/runs/${run.id}`);
  expect(await colourOf(reason)).not.toBe(await danger());
});

test('a long name is read in full on a telephone, and nothing is wider than the screen', async () => {
  const { page } = stage;
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ['/', `/runs/${run.id}`, `/runs/${run.id}?panel=compare&a=0`, '/new', '/engine']) {
    await goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const beyond = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
    expect(beyond, path).toBeLessThanOrEqual(0);
  }
  await goto(`/runs/${run.id}`);
  const heading = page.getByRole('heading', { level: 1, name: NAME });
  expect(await heading.evaluate((node) => node.scrollWidth <= node.clientWidth)).toBe(true);
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('the keys are told by a button too', async () => {
  await stage.page.getByRole('button', { name: 'Keys' }).click();
  await stage.page.getByRole('dialog', { name: 'Keys' }).getByText('this help').waitFor();
  await stage.page.keyboard.press('Escape');
});

test('a run that is deleted elsewhere says so in its page', async () => {
  await json(`/runs/${run.id}`, { method: 'DELETE' }).catch(() => undefined); // 204 has no body
  await stage.page.getByText('It was deleted meanwhile.').waitFor();
  await stage.page.getByRole('link', { name: 'All runs' }).click();
  await stage.page.getByText('No runs yet').waitFor();
});

test('nothing went wrong in the page meanwhile', () => {
  expect(stage.problems).toEqual([]);
});
