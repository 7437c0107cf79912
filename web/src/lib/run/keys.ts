/** Keys of the run page: what a key means, apart from any page. */
export type KeyCommand =
  | 'previous'
  | 'next'
  | 'previousStride'
  | 'nextStride'
  | 'first'
  | 'last'
  | 'previousBlock'
  | 'nextBlock'
  | 'pinA'
  | 'pinB'
  | 'difference'
  | 'play'
  | 'help'
  | 'panel1'
  | 'panel2'
  | 'panel3'
  | 'panel4';

const KEYS: Record<string, KeyCommand> = {
  ArrowLeft: 'previous',
  ArrowRight: 'next',
  Home: 'first',
  End: 'last',
  ' ': 'play',
  '[': 'previousBlock',
  ']': 'nextBlock',
  a: 'pinA',
  b: 'pinB',
  d: 'difference',
  '?': 'help',
  1: 'panel1',
  2: 'panel2',
  3: 'panel3',
  4: 'panel4',
};
const SHIFTED: Record<string, KeyCommand> = { ArrowLeft: 'previousStride', ArrowRight: 'nextStride' };

/** Snapshots that an arrow key with Shift goes on: the film's stride, or five where that is one at a time. */
export const longStep = (stride: number): number => (stride > 1 ? stride : 5);

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
  event: Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'defaultPrevented'>,
  focus: Focus,
): KeyCommand | null {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return null;
  if (focus === 'control' || (focus === 'button' && event.key === ' ')) return null;
  if (event.shiftKey && event.key.length > 1) return SHIFTED[event.key] ?? null;
  return KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
}
