/** What the server says in English sentences, in the language of the page: reasons, refusals, progress. Those that it
 * makes from a known pattern are translated; any other stays as it is, marked as English. */
import type { Language } from '../state/settings.svelte.ts';
import { ENGINE_SAYINGS } from './saidEngine.ts';
import { FORM_SAYINGS } from './saidForm.ts';
import { RUN_SAYINGS } from './saidRuns.ts';

/** A sentence by its pattern, and its Chinese of the pattern's groups; `say` translates a part, where it can. */
export type Saying = readonly [
  pattern: RegExp,
  chinese: (groups: readonly (string | undefined)[], say: (words: string) => string) => string,
];

const SAYINGS = [...ENGINE_SAYINGS, ...RUN_SAYINGS, ...FORM_SAYINGS];

export interface Said {
  text: string;
  /** The words of the server, where `text` is a translation of them. */
  original?: string;
  /** Set where the text is not in the language of the page. */
  lang?: 'en';
}

function chinese(words: string): string | null {
  for (const [pattern, translate] of SAYINGS) {
    const match = pattern.exec(words);
    if (match) return translate(match.slice(1), (part) => chinese(part) ?? part);
  }
  return null;
}

export function said(words: string, language: Language): Said {
  if (language === 'en' || words === '') return { text: words };
  const text = chinese(words);
  return text === null ? { text: words, lang: 'en' } : { text, original: words };
}
