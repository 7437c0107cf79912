import { expect, test } from 'vitest';
import { figureColumns, figureLayout, wrapText } from '../../../web/src/lib/painting/figure.ts';

/** Every letter half as wide as the text is high. */
const measure = (text: string, size: number): number => (text.length * size) / 2;
const caption = ['emoji small · tap stages.0.out', 'epoch 12 · λ 0.40 · probe 3', 'range −1 to 1'];

test('a grid keeps whole pixels, gaps between maps and no two parts overlapping', () => {
  const layout = figureLayout({ maps: { count: 64, height: 8, width: 8 }, scale: 4, caption, measure });
  expect(layout.grid).toMatchObject({ scale: 4, gap: 3, columns: 10, rows: 7 });
  expect(layout.gridX).toBeGreaterThanOrEqual(layout.textSize);
  expect(layout.gridX + layout.grid.width).toBeLessThanOrEqual(layout.width - layout.textSize);
  expect(layout.bar.y).toBeGreaterThan(layout.gridY + layout.grid.height);
  expect(layout.tickY - layout.textSize).toBeGreaterThanOrEqual(layout.bar.y + layout.bar.height);
  const tops = layout.lines.map(({ y }) => y - layout.textSize);
  expect(tops[0]).toBeGreaterThan(layout.tickY);
  layout.lines.slice(1).forEach(({ y }, i) => expect(y).toBeGreaterThan(layout.lines[i]!.y));
  expect(layout.lines.at(-1)!.y).toBeLessThan(layout.height);
});

test('one map has no gap, stands in the middle and leaves room for its caption', () => {
  const layout = figureLayout({ maps: { count: 1, height: 4, width: 4 }, scale: 8, caption, measure });
  expect(layout.grid).toMatchObject({ width: 32, height: 32, gap: 0 });
  expect(layout.width).toBe(26 * 12);
  expect(layout.gridX).toBe((layout.width - 32) / 2);
});

test('a large figure has larger letters', () => {
  const small = figureLayout({ maps: { count: 64, height: 16, width: 16 }, scale: 1, caption, measure });
  const large = figureLayout({ maps: { count: 64, height: 16, width: 16 }, scale: 16, caption, measure });
  expect(large.textSize).toBeGreaterThan(small.textSize);
});

test('captions wrap between words and lose none', () => {
  const width = (text: string): number => text.length;
  expect(wrapText('one two three four', 9, width)).toEqual(['one two', 'three', 'four']);
  expect(wrapText('extraordinarily long', 5, width)).toEqual(['extraordinarily', 'long']);
  const layout = figureLayout({
    maps: { count: 1, height: 4, width: 4 },
    scale: 1,
    caption: [caption.join(' ')],
    measure,
  });
  expect(layout.lines.length).toBeGreaterThan(1);
  expect(layout.lines.map(({ text }) => text).join(' ')).toBe(caption.join(' '));
  for (const { text } of layout.lines) expect(measure(text, layout.textSize)).toBeLessThanOrEqual(24 * 12);
});

test('grids come out about one and a half times as wide as high', () => {
  expect(figureColumns(1, 8, 8)).toBe(1);
  expect(figureColumns(6, 8, 8)).toBe(3);
  expect(figureColumns(512, 4, 4)).toBe(28);
});

test('a scale that is no whole number, or too large for a canvas, is refused with what is valid', () => {
  const maps = { count: 2048, height: 14, width: 14 };
  expect(() => figureLayout({ maps, scale: 1.5, caption, measure })).toThrow(
    /a whole number from 1 is valid/,
  );
  expect(() => figureLayout({ maps, scale: 32, caption, measure })).toThrow(
    /a scale of at most \d+ is valid/,
  );
});
