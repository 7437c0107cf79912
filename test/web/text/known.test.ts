import { expect, test } from 'vitest';
import { DATASET_IDS } from '../../../shared/config.ts';
import { PRESETS } from '../../../shared/presets.ts';
import { RUNG_IDS } from '../../../shared/rungs.ts';
import { datasetWords, presetWords, rungTitle } from '../../../web/src/lib/text/known.ts';

const CHINESE = /\p{Script=Han}/u;

test('English readers get the words of the server and of the presets', () => {
  const words = { title: 'Shapes', description: 'Seven kinds.' };
  expect(datasetWords({ id: 'shapes', ...words }, 'en')).toMatchObject(words);
  expect(rungTitle({ id: 'cpu', title: 'Plain JavaScript' }, 'en')).toBe('Plain JavaScript');
  const [preset] = PRESETS;
  expect(presetWords(preset!, 'en')).toEqual({ title: preset!.title, description: preset!.description });
});

test('every data set, preset and engine has Chinese words, with the numbers of its own network', () => {
  for (const id of DATASET_IDS)
    expect(datasetWords({ id, title: '', description: '' }, 'zh').description).toMatch(CHINESE);
  for (const id of RUNG_IDS) expect(rungTitle({ id, title: '' }, 'zh')).not.toBe('');
  for (const preset of PRESETS) expect(presetWords(preset, 'zh').description).toMatch(CHINESE);
  const seven = PRESETS.find(({ id }) => id === 'vanillanet-7')!;
  expect(presetWords(seven, 'zh')).toMatchObject({
    title: 'VanillaNet-7',
    description: expect.stringContaining(`${seven.network.dims.length + 1} 层`),
  });
});
