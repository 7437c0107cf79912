import { expect, test } from 'vitest';
import { describeBlocks } from '../../shared/network.ts';
import { PRESETS } from '../../shared/presets.ts';
import { chooseTap, FIRST_VIEW, formatView, parseView, type ViewState } from '../../web/src/lib/view.ts';

const blocks = describeBlocks({ ...PRESETS[0]!.network, inputSize: 32, inputChannels: 3, classes: 10 });

test('a view survives its way through the URL', () => {
  const view: ViewState = {
    ...{ block: 'stages.1', tap: 'relu', probe: 3, epoch: '30m', a: '0', b: '30m' },
    ...{ panel: 'compare', layout: 'all', sort: 'entropy', alive: true, range: 'block', locked: false },
    ...{
      clip: 0.01,
      colours: 'magma',
      compare: 'swipe',
      axis: 'lambda',
      other: '2026-11-24-emoji',
      match: true,
      from: 2.5,
      to: 11,
    },
    ...{ stages: '0.7,0.2', stride: 3, speed: 10, loop: true },
  };
  expect(parseView(formatView(view))).toEqual(view);
});

test('the first view needs no query', () => {
  expect(formatView(FIRST_VIEW)).toBe('');
  expect(parseView('')).toEqual(FIRST_VIEW);
});

test('a query that makes no sense gives the first view', () => {
  expect(parseView('probe=-2&epoch=now&a=1.5&b=&panel=x&clip=2&stages=9,9&loop=yes&speed=0&from=')).toEqual(
    FIRST_VIEW,
  );
});

test('a block keeps the kind of tap where it has one, and else shows its output', () => {
  expect(chooseTap(blocks, { block: 'stages.0', tap: 'pool' }).tap.id).toBe('stages.0.pool');
  expect(chooseTap(blocks, { block: 'stages.2', tap: 'pool' }).tap.id).toBe('stages.2.out');
  expect(chooseTap(blocks, { block: 'head', tap: 'out' }).tap.id).toBe('logits');
  expect(chooseTap(blocks, { block: 'stages.99', tap: 'out' }).tap.id).toBe('stem.out');
});
