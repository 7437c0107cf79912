import { expect, test } from 'vitest';
import { en } from '../../../web/src/lib/text/en.ts';
import { zh } from '../../../web/src/lib/text/zh.ts';
import { compareChinese, compareEnglish } from '../../../web/src/lib/compare/text.ts';
import { lensChinese, lensEnglish } from '../../../web/src/lib/lens/text.ts';
import { mapsChinese, mapsEnglish } from '../../../web/src/lib/maps/text.ts';
import { measureChinese, measureEnglish } from '../../../web/src/lib/measure/text.ts';
import { probesChinese, probesEnglish } from '../../../web/src/lib/probes/text.ts';
import { counted } from '../../../web/src/lib/text/counted.ts';
import { truthChinese, truthEnglish } from '../../../web/src/lib/truth/text.ts';

const english = {
  app: en,
  compareEnglish,
  lensEnglish,
  mapsEnglish,
  measureEnglish,
  probesEnglish,
  truthEnglish,
};
const chinese = {
  app: zh,
  compareChinese,
  lensChinese,
  mapsChinese,
  measureChinese,
  probesChinese,
  truthChinese,
};

/** Every text with its path; functions are called with stand-ins. */
function texts(node: unknown, path = ''): [path: string, text: string][] {
  if (typeof node === 'string') return [[path, node]];
  // Where a text is one of a few, the stand-ins choose none of them.
  if (typeof node === 'function')
    return [[path, (node as (...args: string[]) => string | undefined)('11', '22', '33') ?? '–']];
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

test('Chinese sentences have Chinese punctuation and no gaps, and wide marks stand in no English text', () => {
  for (const [path, text] of texts(chinese)) {
    expect(text, path).not.toMatch(/\p{Script=Han}\s*[,.:;!?(]|[)]\p{Script=Han}/u);
    expect(text, path).not.toMatch(/[。，；：、？！]\s|\p{Script=Han}\s+\p{Script=Han}/u);
  }
  for (const [path, text] of texts(english))
    expect(text, path).not.toMatch(/[。，；：、？！（）]|\p{Script=Han}/u);
});

test('one thing has one name in Chinese: a run, a dead channel, total variation', () => {
  for (const [path, text] of texts(chinese))
    expect(text, path).not.toMatch(/运行|死亡|死通道|总变差|主干|文章/);
});

test('parts are put together as each language does it', () => {
  expect(en.app.sentences('One.', '', 'Two.')).toBe('One. Two.');
  expect(zh.app.sentences('一。', '', '二。')).toBe('一。二。');
  expect(en.app.labelled('Theme', 'Dark')).toBe('Theme: Dark');
  expect(zh.app.labelled('主题', '深色')).toBe('主题：深色');
});

test('one thing is not told in the plural, and what did not come is not told at all', () => {
  expect([0, 1, 2].map((n) => counted(n, 'run'))).toEqual(['0 runs', '1 run', '2 runs']);
  expect(en.connection.missed(1, 0)).toBe('Reconnected: 1 epoch came meanwhile.');
  expect(en.connection.missed(2, 1)).toBe('Reconnected: 2 epochs and 1 snapshot came meanwhile.');
  expect(zh.connection.missed(0, 3)).toBe('已重新连接：其间新增 3 个快照。');
  expect(truthEnglish.lack('early', 1, 2)).toContain('1 measured snapshot,');
});
