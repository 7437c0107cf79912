import { expect, test } from 'vitest';
import { Listeners } from '../../../web/src/lib/state/listeners.ts';

test('every listener of an event is told, until it leaves', () => {
  const listeners = new Listeners<{ step: [number] }>();
  const heard: string[] = [];
  expect(listeners.tell('step', 0)).toBe(false);
  const leave = listeners.add('step', (n) => heard.push(`a${n}`));
  listeners.add('step', (n) => heard.push(`b${n}`));
  expect(listeners.tell('step', 1)).toBe(true);
  leave();
  listeners.tell('step', 2);
  expect(heard).toEqual(['a1', 'b1', 'b2']);
});

test('a listener may leave while it is being told', () => {
  const listeners = new Listeners<{ end: [] }>();
  let count = 0;
  const leave = listeners.add('end', () => {
    count += 1;
    leave();
  });
  listeners.add('end', () => (count += 10));
  listeners.tell('end');
  listeners.tell('end');
  expect(count).toBe(21);
});
