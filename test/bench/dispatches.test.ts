import { expect, test } from 'vitest';
import { countCalls } from './dispatches.ts';

class Till {
  total = 0;
  add(a: number, b: number): number {
    return (this.total += a + b);
  }
  open(): string {
    return 'open';
  }
}

test('calls of every object are counted and reach it, until the methods are restored', () => {
  const { add, open } = Till.prototype;
  const calls = countCalls(Till.prototype, ['add']);
  const [one, other] = [new Till(), new Till()];
  expect([one.add(1, 2), other.add(3, 4), one.add(5, 6)]).toEqual([3, 7, 14]);
  expect([one.open(), calls.count]).toEqual(['open', 3]);
  calls.restore();
  other.add(1, 1);
  expect(calls.count).toBe(3);
  expect([Till.prototype.add, Till.prototype.open]).toEqual([add, open]);
});
