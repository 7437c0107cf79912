/** Names of blocks for people. */
import type { Text } from '../text/en.ts';

/** 'stem' → Stem, 'stages.2' → Stage 2 (counted from 0, as the parameters' names are), 'head' → Head. */
export function blockName(id: string, text: Text['pick']): string {
  if (id === 'stem') return text.stem;
  if (id === 'head') return text.head;
  const stage = /^stages\.(\d+)$/.exec(id);
  return stage ? text.stage(Number(stage[1])) : id;
}
