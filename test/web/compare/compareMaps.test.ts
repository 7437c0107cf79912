import { render } from 'svelte/server';
import { expect, test } from 'vitest';
import { exactTap } from '../../../shared/frame.ts';
import type { TapDescription } from '../../../shared/network.ts';
import CompareMaps from '../../../web/src/lib/compare/CompareMaps.svelte';
import type { Side } from '../../../web/src/lib/compare/side.ts';
import type { Scene } from '../../../web/src/lib/run/scene.svelte.ts';
import { en } from '../../../web/src/lib/text/en.ts';
import { FIRST_VIEW, type ViewState } from '../../../web/src/lib/view.ts';

const tap: TapDescription = {
  id: 'stem.pre',
  block: 'stem',
  kind: 'pre',
  shape: [2, 2, 3],
  signed: true,
  deepOnly: true,
};
const sideOf = (epoch: string, values: number[], plane = 4): Side => ({
  frame: null,
  recording: {
    tap: exactTap('stem.pre', [1, 3, Math.sqrt(plane), Math.sqrt(plane)], Float32Array.from(values)),
    position: 0,
  },
  caption: { run: 'r', epoch, lambda: 0.5, tap: 'stem.pre', probe: '6' },
});
const a = sideOf('4', [-2, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4]);
const b = sideOf('9', [-4, 0, 0, 2, 0, 0, 0, 0, 1, 2, 3, 4]);

function textOf(view: Partial<ViewState>, subtract = true, [of, from, to] = [tap, a, b] as const): string {
  const scene = {
    app: { settings: { language: 'en', text: en } },
    tap: of,
    view: { ...FIRST_VIEW, ...view },
    detail: { name: 'r', classes: [] },
    set: () => undefined,
  } as unknown as Scene;
  return render(CompareMaps, { props: { scene, a: from, b: to, subtract } })
    .body.replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

test('the comparison gives the cosine and mean difference of the picked channel', () => {
  const text = textOf({});
  expect(text).toMatch(/cosine 1 /);
  expect(text).toMatch(/mean \|B − A\| 0\.75 /);
  expect(text).toContain('A epoch 4 · λ 0.50');
  expect(text).toContain('B epoch 9 · λ 0.50');
});

test('of a vector the cosine is that of all its values, not of the one that is picked', () => {
  const vector = { ...tap, shape: [1, 1, 3] as const };
  const text = textOf({}, true, [vector, sideOf('4', [1, 2, 0], 1), sideOf('9', [-1, 0, 2], 1)]);
  expect(text).toMatch(/stem\.pre cosine −0\.2 /);
  expect(text).toMatch(/mean \|B − A\| 2 /);
});

test('channels that are not the same in A and B are not subtracted', () => {
  expect(textOf({})).toContain('B − A');
  expect(textOf({}, false)).not.toMatch(/B − A|cosine/);
});

test('blink and swipe show the two in one place, with one bar for both', () => {
  expect(textOf({ compare: 'blink' })).toMatch(/A epoch 4 .* Hold .*B epoch 9/);
  expect(textOf({ compare: 'swipe' })).not.toContain('Hold');
});
