/** Keys of the run page: what a key means, apart from any page. */
export type KeyCommand =
  'previous' | 'next' | 'previousBlock' | 'nextBlock' | 'pinA' | 'pinB' | 'play' | 'help';

const KEYS: Record<string, KeyCommand> = {
  ArrowLeft: 'previous',
  ArrowRight: 'next',
  ' ': 'play',
  '[': 'previousBlock',
  ']': 'nextBlock',
  a: 'pinA',
  b: 'pinB',
  '?': 'help',
};

/** What has the focus: something that uses arrow keys and letters itself, something that Space presses, or neither. */
export type Focus = 'control' | 'button' | 'page';

const CONTROLS =
  'input, select, textarea, [contenteditable], [role=slider], [role=radiogroup], [role=menu], [role=dialog], [role=alertdialog], [role=grid]';

export function focusOf(target: EventTarget | null): Focus {
  if (!(target instanceof Element)) return 'page';
  if (target.closest(CONTROLS)) return 'control';
  return target.closest('button, a, summary, label') ? 'button' : 'page';
}

/** The command of a key press; null where what has the focus, or the browser, has a use for the key. */
export function commandOf(
  event: Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'defaultPrevented'>,
  focus: Focus,
): KeyCommand | null {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return null;
  if (focus === 'control' || (focus === 'button' && event.key === ' ')) return null;
  return KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
}
