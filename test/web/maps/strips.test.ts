import { expect, test } from 'vitest';
import { describeBlocks, TAP_KINDS } from '../../../shared/network.ts';
import { PRESETS } from '../../../shared/presets.ts';
import { stripsKey, stripTaps } from '../../../web/src/lib/maps/strips.ts';

const blocks = describeBlocks({ ...PRESETS[0]!.network, inputSize: 32, inputChannels: 3, classes: 10 });
const ids = (kind: (typeof TAP_KINDS)[number], merged = false): string[] =>
  stripTaps(blocks, kind, merged).map((tap) => tap.id);

test('every block shows the chosen kind of tap, or the nearest that it has', () => {
  expect(ids('out')).toEqual(['stem.out', 'stages.0.out', 'stages.1.out', 'stages.2.out', 'logits']);
  // Stem and last stage do not pool: what they would pool is what the second convolution gives.
  expect(ids('pool')).toEqual([
    ...['stem.conv2', 'stages.0.pool', 'stages.1.pool'],
    ...['stages.2.conv2', 'head.pooled'],
  ]);
  expect(ids('pooled')).toEqual(['stem.out', 'stages.0.out', 'stages.1.out', 'stages.2.out', 'head.pooled']);
});

test('what is inside a pair gives way, once merged, to what came of it', () => {
  expect(ids('act')).toContain('stages.1.act');
  expect(ids('act', true)).toEqual([
    ...['stem.conv2', 'stages.0.conv2', 'stages.1.conv2', 'stages.2.conv2'],
    'logits',
  ]);
  for (const kind of TAP_KINDS)
    expect(stripTaps(blocks, kind, true).filter((tap) => tap.deepOnly)).toEqual([]);
});

test('frames of other kinds, images and blocks have places of their own in the cache', () => {
  const snapshot = { id: '3', epoch: 3, lambda: 0, merged: false, bytes: 0 };
  const key = stripsKey('r', snapshot, stripTaps(blocks, 'act', false));
  expect(key).toMatchObject({ run: 'r', snapshot: '3', own: undefined });
  expect(key.taps).toHaveLength(5);
  const merged = stripsKey('r', { ...snapshot, merged: true }, stripTaps(blocks, 'act', false), 12);
  expect(merged).toMatchObject({ taps: [], own: 12 });
  expect(key.block).not.toBe(stripsKey('r', snapshot, stripTaps(blocks, 'out', false)).block);
});
