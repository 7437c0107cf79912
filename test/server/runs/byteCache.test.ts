import { expect, test } from 'vitest';
import { ByteCache } from '../../../server/runs/byteCache.ts';

test('what was used least lately goes when there are too many bytes', () => {
  const cache = new ByteCache<string>(10);
  cache.set('a', 'A', 4);
  cache.set('b', 'B', 4);
  expect(cache.get('a')).toBe('A');
  cache.set('c', 'C', 4);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C']);
});

test('a value that is replaced frees its bytes, and one too large alone is kept until the next', () => {
  const cache = new ByteCache<number>(10);
  cache.set('a', 1, 9);
  cache.set('a', 2, 5);
  cache.set('b', 3, 5);
  expect([cache.get('a'), cache.get('b')]).toEqual([2, 3]);
  cache.set('c', 4, 99);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([undefined, undefined, 4]);
  cache.set('d', 5, 1);
  expect([cache.get('c'), cache.get('d')]).toEqual([undefined, 5]);
});
