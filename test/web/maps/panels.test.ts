import type { Component } from 'svelte';
import { render } from 'svelte/server';
import { expect, test } from 'vitest';
import { exactTap, type Frame } from '../../../shared/frame.ts';
import type { TapDescription } from '../../../shared/network.ts';
import ChannelGrid from '../../../web/src/lib/maps/ChannelGrid.svelte';
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
      { title: 'Early', subtitle: 'epoch 4', frame: some, placeholder: '' },
      { title: 'Late', subtitle: 'epoch 9', frame: frame([], true), placeholder: '' },
      { title: 'Live', subtitle: '', frame: null, placeholder: 'The run is over' },
    ],
    tap,
    probe: 6,
  });
  expect(text).toContain('3 channels of 2 × 2');
  expect(text).toContain('Merged: stem.pre is gone');
  expect(text).toContain('The run is over');
});

test('the strip draws no more channels than asked', () => {
  const columns = [{ title: 'Early', subtitle: '', frame: some, placeholder: '' }];
  const text = textOf(StageStrip, { columns, tap, probe: 6, channelLimit: 2 });
  expect(text).toContain('channels 0 to 1 of 3');
});

test('the grid says so where the probe is not in the frame', () => {
  const text = textOf(ChannelGrid, { frame: some, tap, probe: 5, caption });
  expect(text).toContain('stem.pre is not in this recording');
});
