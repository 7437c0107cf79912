import { expect, test } from 'vitest';
import { ScopeError } from '../../../shared/errors.ts';
import { exactTap, quantiseTap } from '../../../shared/frame.ts';
import { cosine } from '../../../shared/measures.ts';
import { nearestDuplicates } from '../../../web/src/lib/maps/duplicates.ts';
import {
  channelKeys,
  deadShares,
  orderChannels,
  type OrderOptions,
} from '../../../web/src/lib/maps/order.ts';
import type { Recording } from '../../../web/src/lib/painting/tapValues.ts';

/** One probe of maps of 2 × 2 pixels. */
const maps = (...channels: number[][]): Recording => ({
  tap: exactTap('stem.out', [1, channels.length, 2, 2], Float32Array.from(channels.flat())),
  position: 0,
});
const options: OrderOptions = { sort: 'index', alive: false, signed: true, reference: null };
const FLAT = [1, 1, 1, 1];
const EDGE = [0, 0, 4, 4];
const CHECKS = [0, 2, 2, 0];

test('the order of the channels is their own where nothing is sorted or recorded', () => {
  expect(orderChannels(maps(FLAT, EDGE), 2, options)).toMatchObject({ channels: [0, 1], values: null });
  expect(orderChannels(null, 3, { ...options, sort: 'contrast', alive: true })).toMatchObject({
    channels: [0, 1, 2],
    hidden: 0,
  });
});

test('a measure puts the largest first and says its number', () => {
  const recording = maps(FLAT, CHECKS, EDGE);
  const byContrast = orderChannels(recording, 3, { ...options, sort: 'contrast' });
  expect(byContrast.channels).toEqual([2, 1, 0]);
  expect([...byContrast.values!]).toEqual([0, 1, 2]);
  expect([...channelKeys(recording, { ...options, sort: 'totalVariation' }).values!]).toEqual([0, 2, 2]);
  expect(orderChannels(recording, 3, { ...options, sort: 'entropy' }).channels).toEqual([1, 2, 0]);
});

test('what changed most is measured against the other moment, in the unit of the activations', () => {
  const reference = maps(FLAT, EDGE, CHECKS);
  const order = orderChannels(maps(FLAT, CHECKS, [0, 2, 2, 1]), 3, {
    ...options,
    sort: 'changed',
    reference,
  });
  expect(order.channels).toEqual([1, 2, 0]);
  expect([...order.values!]).toEqual([0, 2, 0.25]);
  const none = orderChannels(maps(FLAT, CHECKS), 2, { ...options, sort: 'changed' });
  expect(none.channels).toEqual([0, 1]);
  expect([...none.values!]).toEqual([Number.NaN, Number.NaN]);
  expect(() => channelKeys(maps(FLAT), { ...options, sort: 'changed', reference })).toThrow(ScopeError);
});

test('after a ReLU a channel is dead where it is never above zero, over all probes of the frame', () => {
  const values = Float32Array.from([0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0]);
  const tap = quantiseTap('stem.relu', [2, 2, 2, 2], values); // two probes, two channels
  expect([...deadShares({ tap }, false)]).toEqual([1, 0.5]);
  const order = orderChannels({ tap, position: 1 }, 2, { ...options, alive: true, signed: false });
  expect(order).toMatchObject({ channels: [1], hidden: 1 });
});

test('a signed channel is dead where it is the same at every pixel', () => {
  const recording = maps([-2, -2, -2, -2], [-2, -2, -2, -1], FLAT);
  expect([...deadShares(recording, true)]).toEqual([1, 0, 1]);
  expect([...deadShares({ tap: exactTap('logits', [1, 2, 1, 1], new Float32Array(2)) }, true)]).toEqual([
    0, 0,
  ]);
  // Flat at one value on one probe, at another on the next: it tells the two apart.
  const two = { tap: exactTap('stem.out', [2, 1, 2, 2], Float32Array.of(1, 1, 1, 1, 2, 2, 2, 2)) };
  expect([...deadShares(two, true)]).toEqual([0.5]);
  const order = orderChannels(recording, 3, { ...options, sort: 'deadFraction' });
  expect(order.channels).toEqual([0, 2, 1]);
});

test('the nearest duplicate is the other channel of greatest cosine, by any size of maps', () => {
  const channels = 11;
  const plane = 9;
  const values = Float32Array.from({ length: channels * plane }, (_, i) => Math.sin(i * i + 1) + 0.2);
  values.fill(0, 4 * plane, 5 * plane); // a dead channel is nobody's twin
  values.set(
    values.subarray(0, plane).map((v) => 3 * v),
    9 * plane,
  );
  const found = nearestDuplicates(values, channels);
  const row = (c: number): Float32Array => values.subarray(c * plane, (c + 1) * plane);
  for (let a = 0; a < channels; a++) {
    let best = Number.NaN;
    let twin = -1;
    for (let b = 0; b < channels; b++) {
      const likeness = a === b ? Number.NaN : cosine(row(a), row(b));
      if (!Number.isNaN(likeness) && !(likeness <= best)) [best, twin] = [likeness, b];
    }
    if (Number.isNaN(best)) expect(found.values[a]).toBeNaN();
    else expect(found.values[a]).toBeCloseTo(best, 6);
    expect(found.twins[a]).toBe(twin);
  }
  expect([found.twins[0], found.twins[9], found.twins[4]]).toEqual([9, 0, -1]);
});

test('pairs of duplicates come first, and channels without a twin last', () => {
  const order = orderChannels(maps([0, 0, 0, 0], EDGE, CHECKS, [0, 0, 1, 1]), 4, {
    ...options,
    sort: 'duplicate',
  });
  expect(order.channels).toEqual([1, 3, 2, 0]);
  expect([...order.twins!]).toEqual([-1, 3, 1, 1]);
});
