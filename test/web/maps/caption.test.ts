import { expect, test } from 'vitest';
import { scaleOf } from '../../../shared/colour.ts';
import { exactTap } from '../../../shared/frame.ts';
import { figureFileName } from '../../../web/src/lib/maps/caption.ts';
import { barTicks, captionLines } from '../../../web/src/lib/maps/figureCaption.ts';
import { formatActivation, formatPercent } from '../../../web/src/lib/maps/point.ts';
import { mapsChinese, mapsEnglish } from '../../../web/src/lib/maps/text.ts';

const caption = {
  run: 'emoji: small/2',
  epoch: '12',
  lambda: 0.4,
  tap: 'stages.0.out',
  probe: '3 Food & Drink',
};
const tap = exactTap('stages.0.out', [1, 2, 1, 2], Float32Array.of(-1, 0.5, 2, -4));

/** Without the spaces at which lines don't break. */
const plain = (line: string): string => line.replaceAll('\u00a0', ' ');

test('a file name says what the figure shows in letters that every system accepts', () => {
  expect(figureFileName(caption, 'channel-7')).toBe(
    'vanillascope_emoji-small-2_epoch-12_lambda-0.40_stages.0.out_3-Food-Drink_channel-7.png',
  );
  expect(figureFileName({ ...caption, run: '../../etc/passwd' }, 'all')).not.toContain('/');
});

test('the caption prints run, tap, epoch, λ, probe and range', () => {
  const scale = scaleOf([{ tap }], { mode: 'block', centred: true, clip: 0 });
  expect(captionLines(caption, scale, [0, 1], mapsEnglish).map(plain)).toEqual([
    'emoji: small/2 · tap stages.0.out',
    'epoch 12 · λ 0.40 · probe 3 Food & Drink',
    'range −4 to 4',
  ]);
});

test('the caption of one map names its channel and that channel’s own range', () => {
  const scale = scaleOf([{ tap }], { mode: 'channel', centred: true, clip: 0 });
  const lines = captionLines(caption, scale, [0], mapsEnglish);
  expect(plain(lines[0]!)).toBe('emoji: small/2 · tap stages.0.out, channel 0');
  expect(lines[2]).toBe('range −1 to 1');
});

test('parts of a caption stay together where its lines wrap', () => {
  const scale = scaleOf([{ tap }], { mode: 'channel', centred: true, clip: 0 });
  const line = captionLines(caption, scale, [1], mapsEnglish)[0]!;
  expect(line.split(' ').at(-1)).toBe('channel\u00a01');
});

test('where channels have ranges of their own the caption and the bar say so', () => {
  const scale = scaleOf([{ tap }], { mode: 'channel', centred: true, clip: 0 });
  expect(captionLines(caption, scale, [0, 1], mapsEnglish)[2]).toBe(
    'range: each channel on its own, largest magnitude 1 to 4',
  );
  expect(barTicks(scale, [0, 1], mapsEnglish).map(({ at }) => at)).toEqual([0, 0.5, 1]);
});

test('the clipped share is printed', () => {
  const wide = exactTap('stem.relu', [1, 1, 1, 10], Float32Array.of(0, 1, 1, 1, 1, 1, 1, 1, 1, 9));
  const scale = scaleOf([{ tap: wide }], { mode: 'block', centred: false, clip: 0.1 });
  expect(captionLines(caption, scale, [0], mapsEnglish)[2]).toMatch(/, 10 % clipped$/);
});

test('the bar’s numbers stand where their values are', () => {
  const scale = scaleOf([{ tap }], { mode: 'block', centred: true, clip: 0 });
  const ticks = barTicks(scale, [0, 1], mapsEnglish);
  expect(ticks.find(({ text }) => text === '0')!.at).toBeCloseTo(0.5, 12);
  expect(ticks.find(({ text }) => text === '−2')!.at).toBeCloseTo(0.25, 12);
});

test('numbers are short and keep a true minus sign', () => {
  expect([0, 1.23456, -0.5, 123456, 0.00012345, NaN].map(formatActivation)).toEqual([
    '0',
    '1.235',
    '−0.5',
    '1.23e+5',
    '1.23e-4',
    '–',
  ]);
  expect([0.005, 0.0123, 0.1].map(formatPercent)).toEqual(['0.5 %', '1.2 %', '10 %']);
});

test('Chinese has every text that English has', () => {
  const flat = (object: object, path = ''): string[] =>
    Object.entries(object).flatMap(([key, value]) =>
      value !== null && typeof value === 'object'
        ? flat(value as object, `${path}${key}.`)
        : [`${path}${key}`],
    );
  expect(flat(mapsChinese)).toEqual(flat(mapsEnglish));
});
