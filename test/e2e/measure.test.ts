import { expect, test } from 'vitest';
import { MEASURES } from '../../shared/measurement.ts';
import type { RunDetail, SnapshotMeasures } from '../../shared/protocol.ts';
import { decodeSafetensors } from '../../shared/safetensors.ts';
import { stageAt, THIRDS } from '../../shared/schedule.ts';
import { formatMeasure } from '../../web/src/lib/measure/format.ts';
import { judgeContrast, stageMean } from '../../web/src/lib/truth/claims.ts';
import { truthEnglish } from '../../web/src/lib/truth/text.ts';
import { trainShort } from './helper.ts';
import { numberOf } from './readings.ts';
import { setStage } from './stage.ts';

/** The measures of a run and what they say of the article's claims, on a run long enough for every stage. */
let run: RunDetail;
let measures: SnapshotMeasures[];

const stage = setStage(async ({ url, json }) => {
  run = await trainShort(url, {
    data: { dataset: 'shapes', trainLimit: 128, testLimit: 64 },
    training: { epochs: 8, batchSize: 64 },
  });
  measures = await json<SnapshotMeasures[]>(`/runs/${run.id}/measures`);
  return `/runs/${run.id}?panel=measure&epoch=2`;
});

const at = (snapshot: string): SnapshotMeasures => measures.find((m) => m.snapshot === snapshot)!;

/** Cells of a block's row in the table of measures. */
const row = async (block: string): Promise<string[]> =>
  (
    await stage.page
      .getByRole('row', { name: new RegExp(`^${block}`) })
      .first()
      .getByRole('cell')
      .allInnerTexts()
  ).map((cell) => cell.trim());

test('the table gives the measures of the epoch shown, as REST does', async () => {
  await stage.page.getByText('epoch 2 · λ').waitFor();
  const stem = at('2').blocks[0]!;
  expect(await row('Stem')).toEqual(MEASURES.map((measure) => formatMeasure(measure, stem[measure])));
  await stage.page.keyboard.press('ArrowRight');
  await stage.page.getByText('epoch 3 · λ').waitFor();
  const next = at('3').blocks[1]!;
  expect(await row('Stage 0')).toEqual(MEASURES.map((measure) => formatMeasure(measure, next[measure])));
});

test('the curves can be drawn over λ', async () => {
  await stage.page.getByRole('radio', { name: 'λ', exact: true }).check();
  await stage.page.getByText('λ falls from left to right').waitFor();
  await stage.page.getByRole('radio', { name: 'epoch', exact: true }).check();
});

test('a cell of the drift matrix reads the similarity of its pair, and a click compares it', async () => {
  const reply = await fetch(`${stage.url}/api/runs/${run.id}/similarity?block=stem`);
  const file = decodeSafetensors(new Uint8Array(await reply.arrayBuffer()));
  const ids = file.metadata['snapshots']!.split(',');
  const cka = file.tensors.get('cka')!.data as Float32Array;
  const matrix = stage.page.getByRole('button', { name: /^Similarity of Stem between/ });
  await matrix.scrollIntoViewIfNeeded();
  const box = (await matrix.boundingBox())!;
  const cell = box.width / ids.length;
  const [i, j] = [ids.indexOf('1'), ids.indexOf('6')];
  const position = { x: (j + 0.5) * cell, y: (i + 0.5) * cell };
  await matrix.hover({ position });
  const said = await stage.page.getByText(/^epoch 1 and epoch 6: /).innerText();
  expect(numberOf(/: (\S+)/.exec(said)![1]!)).toBeCloseTo(cka[i * ids.length + j]!, 2);
  await matrix.click({ position });
  const query = (): (string | null)[] => ['a', 'b', 'panel'].map((name) => stage.asked(name));
  await expect.poll(query).toEqual(['1', '6', 'compare']);
});

test('Is it true? answers each claim by its rule, with the numbers of this run', async () => {
  await stage.page.getByRole('link', { name: 'Is it true?' }).click();
  await stage.page.waitForURL('**/truth');
  const moments = measures
    .filter((m) => m.epoch > 0)
    .map((m) => ({ measures: m, stage: stageAt(m, THIRDS) }));
  const blocks = measures[0]!.blocks.map((b) => b.block);
  const evidence = { moments, blocks, drift: () => Number.NaN, likeness: () => Number.NaN };
  const contrast = judgeContrast(evidence);
  expect(contrast.verdict).not.toBe('unknown');
  const claim = stage.page.getByRole('region', { name: truthEnglish.contrast.claim });
  await claim.getByText(truthEnglish.words[contrast.verdict], { exact: true }).waitFor();
  const cells = await claim.getByRole('row', { name: /^Stem/ }).getByRole('cell').allInnerTexts();
  const early = stageMean(evidence, 'early', 'stem', 'contrast');
  const late = stageMean(evidence, 'late', 'stem', 'contrast');
  expect(cells.map((text) => text.trim())).toEqual(
    expect.arrayContaining([early, late].map((value) => formatMeasure('contrast', value))),
  );
  for (const name of [truthEnglish.smooth.claim, truthEnglish.layers.claim])
    await stage.page.getByRole('region', { name }).waitFor();
});

test('nothing went wrong in the page meanwhile', () => {
  expect(stage.problems).toEqual([]);
});
