import type { Component } from 'svelte';
import { render } from 'svelte/server';
import { expect, test } from 'vitest';
import { exactTap, type Frame } from '../../../shared/frame.ts';
import type { TapDescription } from '../../../shared/network.ts';
import { PRESETS } from '../../../shared/presets.ts';
import ChannelGrid from '../../../web/src/lib/maps/ChannelGrid.svelte';
import FieldImage from '../../../web/src/lib/maps/FieldImage.svelte';
import { mapsEnglish } from '../../../web/src/lib/maps/text.ts';
import { orderChannels } from '../../../web/src/lib/maps/order.ts';
import { viewScale, type Scaling } from '../../../web/src/lib/maps/scales.ts';
import StageStrip from '../../../web/src/lib/maps/StageStrip.svelte';

const tap: TapDescription = {
  id: 'stem.pre',
  block: 'stem',
  kind: 'pre',
  shape: [2, 2, 3],
  signed: true,
  deepOnly: true,
};
const frame = (values: number[], merged = false): Frame => ({
  epoch: 4,
  step: 40,
  lambda: 0.5,
  merged,
  loss: 1,
  accuracy: 0.5,
  probes: [6],
  taps: merged ? [] : [exactTap('stem.pre', [1, 3, 2, 2], Float32Array.from(values))],
});
const some = frame([-2, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4]);
const order = orderChannels(null, 3, { sort: 'index', alive: false, signed: true, reference: null });
const scaling: Scaling = {
  ...{ mode: 'channel', colours: 'viridis', locked: true },
  scale: (of, shown) =>
    viewScale(
      of,
      shown.map(({ recording }) => recording),
      { mode: 'channel', clip: 0 },
    ),
};
const shared = { tap, probe: 6, order, scaling };
const caption = { run: 'r', epoch: '4', lambda: 0.5, tap: 'stem.pre', probe: '6' };

/** The text of a panel as a reader without scripts would get it. */
function textOf<P extends Record<string, unknown>>(component: Component<P>, props: P): string {
  return render(component as Component, { props })
    .body.replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

test('the strip shows each moment, and says why one is missing', () => {
  const text = textOf(StageStrip, {
    columns: [
      { title: 'Early', subtitle: 'epoch 4', frame: some, snapshot: '4', placeholder: '' },
      { title: 'Late', subtitle: 'epoch 9', frame: frame([], true), snapshot: '9', placeholder: '' },
      { title: 'Live', subtitle: '', frame: null, snapshot: null, placeholder: 'The run is over' },
    ],
    ...shared,
  });
  expect(text).toContain('3 channels of 2 × 2');
  expect(text).toContain('Merged: stem.pre is gone');
  expect(text).toContain('The run is over');
});

test('the strip draws no more channels than asked', () => {
  const columns = [{ title: 'Early', subtitle: '', frame: some, snapshot: '4', placeholder: '' }];
  const text = textOf(StageStrip, { columns, ...shared, channelLimit: 2 });
  expect(text).toContain('the first 2 of 3 channels');
});

test('the grid says so where the probe is not in the frame', () => {
  const text = textOf(ChannelGrid, { frame: some, snapshot: '4', ...shared, probe: 5, caption });
  expect(text).toContain('stem.pre is not in this recording');
});

test('what a channel is sorted by and what is left out is said', () => {
  const options = { sort: 'contrast', alive: true, signed: true, reference: null } as const;
  const sorted = orderChannels({ tap: some.taps[0]!, position: 0 }, 3, options);
  const text = textOf(ChannelGrid, { frame: some, snapshot: '4', ...shared, order: sorted, caption });
  expect(text).toContain('1 dead hidden');
  expect(text).toContain('stem.pre, channel 2');
  expect(text).toContain('contrast 1.118');
});

test('the input shows what a pixel sees', () => {
  const network = { ...PRESETS[0]!.network, inputSize: 32, inputChannels: 3, classes: 10 };
  const props = { runId: 'r', network, tap, probe: 6, text: mapsEnglish };
  expect(textOf(FieldImage, { ...props, point: { channel: 0, x: 3, y: 0 } })).toContain(
    'sees x 5–8, y 0–2 of the input',
  );
  expect(textOf(FieldImage, { ...props, point: null })).toContain('as the network sees it');
});
