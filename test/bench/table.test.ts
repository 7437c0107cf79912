import { expect, test } from 'vitest';
import { markdownTable, median, replaceSection } from './table.ts';

test('the median is the middle value, or the mean of the middle two, in any order', () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
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
