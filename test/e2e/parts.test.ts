import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import type { EngineReport, MergeReport, RunDetail } from '../../shared/protocol.ts';
import { RUNG_IDS } from '../../shared/rungs.ts';
import { PANELS } from '../../web/src/lib/view.ts';
import { trainShort } from './helper.ts';
import { setStage } from './stage.ts';

/** The parts of the dashboard on a short run that has finished and merged: the merge's report, forms, the engine stage.page,
 * accessibility. */
let run: RunDetail;
const stage = setStage();
const { json } = stage;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

test('a short run, asked for over REST, trains to its end and merges', async () => {
  run = await trainShort(stage.url, {
    name: 'Parts',
    seed: 1,
    data: { dataset: 'shapes', trainLimit: 256, testLimit: 64 },
  });
  expect(run).toMatchObject({ epoch: 3, lambda: 0, merged: true });
});

test('the merge stands on the time axis, and its report is one click away', async () => {
  await stage.goto(`/runs/${run.id}`);
  await stage.page.getByRole('button', { name: 'The merge after epoch 3: open its report' }).click();
  const dialog = stage.page.getByRole('dialog', { name: /^Merge report: epoch 3, λ 0\.00/ });
  await dialog.getByText(/^λ is 0: merging changes the logits by at most/).waitFor();
  const report = await json<MergeReport>(`/runs/${run.id}/merge/3`);
  expect(report.logits.maxRelative).toBeLessThan(1e-4);
  const cells = (name: string): Promise<string[]> =>
    dialog
      .getByRole('row')
      .filter({ has: stage.page.getByRole('rowheader', { name, exact: true }) })
      .getByRole('cell')
      .allInnerTexts();
  const plain = (texts: string[]): number[] =>
    texts.slice(0, 2).map((text) => Number(text.replace(/\s/g, '')));
  expect(plain(await cells('Parameters'))).toEqual([run.merge!.parametersBefore, run.merge!.parametersAfter]);
  expect(plain(await cells('Convolutions in a row'))).toEqual([report.deep.layers, report.merged.layers]);
  for (const { tap } of report.taps) expect((await cells(tap)).length).toBe(2);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'detached' });
});

test('the forecast at an epoch with λ above 0 says what merging then would change', async () => {
  await stage.goto(`/runs/${run.id}?panel=lens&epoch=1`);
  await stage.page.getByRole('button', { name: 'Forecast the merge at epoch 1' }).click();
  const meter = stage.page.getByRole('meter', { name: 'Relative change of the logits by merging' });
  await meter.waitFor();
  const report = await json<MergeReport>(`/runs/${run.id}/merge/1`);
  expect(report.forecast).toBe(true);
  expect(Number(await meter.getAttribute('aria-valuenow'))).toBeCloseTo(report.logits.maxRelative, 6);
  const same = Math.round(report.agreement * report.probes);
  await stage.page.getByText(`${same} of ${report.probes} predicted classes agree.`).waitFor();
  // At λ = 0 the same gauge has come down to nothing.
  await stage.goto(`/runs/${run.id}?panel=lens&epoch=3`);
  const proof = stage.page.getByRole('button', { name: 'Prove the merge at epoch 3' });
  await meter.or(proof).waitFor();
  if (await proof.isVisible()) await proof.click();
  await expect.poll(async () => Number(await meter.getAttribute('aria-valuenow'))).toBeLessThan(1e-4);
});

test('a question mark shows the keys', async () => {
  await stage.page.keyboard.press('?');
  const help = stage.page.getByRole('dialog', { name: 'Keys' });
  await help.getByText('previous and next snapshot').waitFor();
  await stage.page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
});

test('weights are offered deep before the merge, and merged only where λ is 0', async () => {
  await stage.goto(`/runs/${run.id}?epoch=1`);
  await stage.page.getByRole('button', { name: /^Weights/ }).click();
  const merged = stage.page.getByRole('menuitem', { name: /^Merged network/ });
  await merged.waitFor();
  expect(await merged.getAttribute('aria-disabled')).toBe('true');
  const deep = stage.page.getByRole('menuitem', { name: /^Deep network/ });
  const [download] = await Promise.all([stage.page.waitForEvent('download'), deep.click()]);
  expect(download.suggestedFilename()).toBe(`${run.id}-1-deep.safetensors`);
  expect(await download.failure()).toBeNull();
});

test('the form for a new run starts it and goes to its page', async () => {
  await stage.goto(`/new`);
  await stage.page.getByRole('radio', { name: /shapes/i }).click();
  await stage.page.getByLabel('Name', { exact: true }).fill('From the form');
  const [epochs, start] = [
    stage.page.getByLabel('Epochs', { exact: true }),
    stage.page.getByRole('button', { name: 'Start run' }),
  ];
  await epochs.fill('3');
  await stage.page
    .getByRole('alert')
    .getByText('λ reaches 0 in epoch 4, but the merge is after epoch 3')
    .waitFor();
  expect(await start.isDisabled()).toBe(true);
  await epochs.fill('4');
  await start.click();
  await stage.page.waitForURL(/\/runs\/[^/]+$/);
  const id = new URL(stage.page.url()).pathname.split('/').at(-1)!;
  await stage.page.getByRole('heading', { name: 'From the form' }).waitFor();
  const started = await json<RunDetail>(`/runs/${id}`);
  expect(started).toMatchObject({ name: 'From the form', dataset: 'shapes', epochs: 4 });
  await fetch(`${stage.url}/api/runs/${id}/stop`, { method: 'POST' });
});

test('the engine page shows every rung of the ladder with the verdict that REST gives', async () => {
  await stage.goto(`/engine`);
  const report = await json<EngineReport>('/engine');
  expect(report.rungs.map((rung) => rung.id)).toEqual([...RUNG_IDS]);
  for (const { id } of report.rungs) await stage.page.getByText(id, { exact: true }).first().waitFor();
});

test.for(['light', 'dark'] as const)(
  'no page has a serious accessibility finding (%s)',
  async (colorScheme) => {
    await stage.page.emulateMedia({ colorScheme });
    const found: string[] = [];
    const runPage = `/runs/${run.id}`;
    const panels = PANELS.map((panel) => `${runPage}?panel=${panel}&epoch=1&a=0&b=2`);
    const paths = ['/', '/new', '/engine', ...panels, `${runPage}?layout=all`, `${runPage}/truth`];
    for (const path of paths) {
      await stage.goto(path);
      await stage.page.getByRole('heading', { level: 1 }).first().waitFor();
      await stage.page.waitForLoadState('networkidle');
      await stage.page.evaluate(axe);
      const violations = await stage.page.evaluate(async () => {
        type Violation = {
          id: string;
          impact: string;
          nodes: { target: string[]; failureSummary: string }[];
        };
        const tool = (globalThis as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } })
          .axe;
        return (await tool.run()).violations;
      });
      for (const { id, impact, nodes } of violations)
        if (impact === 'serious' || impact === 'critical')
          found.push(
            ...nodes.map((node) => `${path} ${id}: ${node.target.join(' ')} ${node.failureSummary}`),
          );
    }
    expect(found).toEqual([]);
  },
);

test('nothing went wrong in the browser meanwhile', () => {
  expect(stage.problems).toEqual([]);
});
