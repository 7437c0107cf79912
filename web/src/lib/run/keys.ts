/** Keys of the run page: what a key means, apart from any page. */
export type KeyCommand = 'previous' | 'next' | 'previousBlock' | 'nextBlock' | 'pinA' | 'pinB';

const KEYS: Record<string, KeyCommand> = {
  ArrowLeft: 'previous',
  ArrowRight: 'next',
  '[': 'previousBlock',
  ']': 'nextBlock',
  a: 'pinA',
  b: 'pinB',
};

/** The command of a key press; null where a control of its own, a menu or the browser has a use for the key. */
export function commandOf(
  event: Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'defaultPrevented'>,
  insideControl: boolean,
): KeyCommand | null {
  if (insideControl || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return null;
  return KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
}

/** Elements that use arrow keys or letters themselves. */
export const CONTROLS =
  'input, select, textarea, [contenteditable], [role=slider], [role=radiogroup], [role=menu], [role=dialog], [role=alertdialog], [role=grid]';
