import { expect, test } from 'vitest';
import { en } from '../../../web/src/lib/text/en.ts';
import { zh } from '../../../web/src/lib/text/zh.ts';

/** Every text with its path; functions are called with stand-ins. */
function texts(node: unknown, path = ''): [path: string, text: string][] {
  if (typeof node === 'string') return [[path, node]];
  if (typeof node === 'function') return [[path, (node as (...args: string[]) => string)('11', '22', '33')]];
  return Object.entries(node as object).flatMap(([key, child]) => texts(child, `${path}.${key}`));
}

test('both languages have the same texts, and none is empty', () => {
  expect(texts(zh).map(([path]) => path)).toEqual(texts(en).map(([path]) => path));
  for (const [path, text] of [...texts(en), ...texts(zh)]) expect(text, path).not.toBe('');
});

test('a number or name that one language says is said by the other too', () => {
  const said = (text: string): string[] => ['11', '22', '33'].filter((value) => text.includes(value));
  const chinese = new Map(texts(zh));
  for (const [path, text] of texts(en)) expect(said(chinese.get(path)!), path).toEqual(said(text));
});
