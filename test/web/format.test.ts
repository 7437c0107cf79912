import { expect, test } from 'vitest';
import {
  DASH,
  formatCount,
  formatDuration,
  formatLambda,
  formatRelative,
  formatShare,
  formatSnapshot,
  formatTime,
  formatValue,
} from '../../web/src/lib/format.ts';
import { en } from '../../web/src/lib/text/en.ts';

test('values keep about three significant places', () => {
  expect([2.30258, 12.345, 123.4, 0.0456, 0.004, 0.00012, 0, 54321].map(formatValue)).toEqual([
    '2.303',
    '12.3',
    '123',
    '0.0456',
    '0.0040',
    '1.2e-4',
    '0',
    '5.4e4',
  ]);
});

test('what is not known is a dash', () => {
  for (const format of [formatValue, formatShare, formatLambda]) {
    expect(format(null)).toBe(DASH);
    expect(format(Number.NaN)).toBe(DASH);
  }
  expect(formatDuration(null, en.units)).toBe(DASH);
  expect(formatCount(undefined)).toBe(DASH);
  expect(formatTime('never', 'en')).toBe(DASH);
});

test('durations show their two largest units', () => {
  expect([0.4, 59.6, 61, 3600, 3 * 3600 + 7 * 60, 90000].map((s) => formatDuration(s, en.units))).toEqual([
    '0 s',
    '1 min 00 s',
    '1 min 01 s',
    '1 h 00 min',
    '3 h 07 min',
    '1 d 01 h',
  ]);
});

test('counts are grouped by thin spaces', () => {
  expect(formatCount(1234567)).toBe('1\u2009234\u2009567');
});

test('the snapshot after the merge is marked', () => {
  expect([formatSnapshot('12'), formatSnapshot('30m')]).toEqual(['12', '30\u2009⊕']);
});

test('a run of today shows its time alone', () => {
  const now = new Date('2025-03-04T18:00:00');
  expect(formatTime('2025-03-04T09:05:00', 'en', now)).toBe('09:05');
  expect(formatTime('2025-03-01T09:05:00', 'en', now)).toContain('Mar 1');
});

test('a relative difference is a percentage while that can be told, else its size', () => {
  expect([0, 0.25, 1.5, 0.0005, 0.00012, 2.1e-7].map(formatRelative)).toEqual([
    '0.0 %',
    '25.0 %',
    '150.0 %',
    '0.1 %',
    '1.2e-4',
    '2.1e-7',
  ]);
});
