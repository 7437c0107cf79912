import { expect, test } from 'vitest';
import { addSpatial, SPATIAL, walkMaps } from '../../../../server/runs/pack/spatial.ts';
import { numbers } from './frames.ts';

test.each(SPATIAL)('levels come back from what %s leaves of them, in maps of any size', (by) => {
  const next = numbers(2);
  for (const [height, width] of [
    [1, 1],
    [1, 5],
    [5, 1],
    [2, 2],
    [6, 7],
  ] as const) {
    const levels = Uint8Array.from({ length: 3 * height * width }, () => Math.floor(256 * next()));
    const left = new Uint8Array(levels.length);
    walkMaps(levels, 3, height, width, by, (at, foretold) => {
      left[at] = levels[at]! - foretold;
    });
    addSpatial(left, 3, height, width, by);
    expect(left).toEqual(levels);
  }
});
