import { expect, test } from 'vitest';
import { markdownTable, median, percentile, replaceSection } from './table.ts';

test('the median is the middle value, or the mean of the middle two, in any order', () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('a percentile is the least value that the share does not exceed', () => {
  const values = Array.from({ length: 20 }, (_, i) => 20 - i);
  expect(percentile(values, 0.95)).toBe(19);
  expect(percentile(values, 1)).toBe(20);
  expect(percentile(values, 0)).toBe(1);
  expect(percentile([], 0.5)).toBeNaN();
});

test('a table has its head, its alignment and a line for each row, padded', () => {
  expect(markdownTable(['what', 'ms'], [['a step', '12']])).toBe(
    '| what   |  ms |\n| ------ | --: |\n| a step |  12 |',
  );
});

test('a section measured anew takes the place of its older self and leaves the others', () => {
  const first = replaceSection(replaceSection('# Title\n', 'train', 'old'), 'store', 'kept');
  expect(first).toBe('# Title\n\n## train\n\nold\n\n## store\n\nkept\n');
  expect(replaceSection(first, 'train', 'new')).toBe('# Title\n\n## train\n\nnew\n\n## store\n\nkept\n');
  expect(replaceSection(first, 'store', 'new')).toBe('# Title\n\n## train\n\nold\n\n## store\n\nnew\n');
});
