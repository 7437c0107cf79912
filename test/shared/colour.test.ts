import { expect, test } from 'vitest';
import {
  commonReach,
  defaultColourMap,
  extentOf,
  normalise,
  reachOf,
  scaleOf,
  scaleOfReach,
  uniteReaches,
  type ScaleSource,
} from '../../shared/colour.ts';
import { exactTap, quantiseTap } from '../../shared/frame.ts';

/** One probe, two channels of 1×4 pixels. */
const source = (first: number[], second: number[], id = 'stem.out'): ScaleSource => ({
  tap: exactTap(id, [1, 2, 1, 4], Float32Array.from([...first, ...second])),
});

test('per channel, an unsigned channel is drawn from zero to its own maximum', () => {
  const scale = scaleOf([source([0, 1, 2, 3], [0, 0, 5, 10])], { mode: 'channel', centred: false, clip: 0 });
  expect([...scale.low]).toEqual([0, 0]);
  expect([...scale.high]).toEqual([3, 10]);
  expect(scale.clipped).toBe(0);
});

test('per block, all channels share the range of the largest', () => {
  const scale = scaleOf([source([0, 1, 2, 3], [0, 0, 5, 10])], { mode: 'block', centred: false, clip: 0 });
  expect([...scale.low]).toEqual([0, 0]);
  expect([...scale.high]).toEqual([10, 10]);
});

test('a signed channel is drawn symmetrically around zero', () => {
  const scale = scaleOf([source([-4, 0, 1, 2], [1, 2, 3, 6])], { mode: 'channel', centred: true, clip: 0 });
  expect([...scale.low]).toEqual([-4, -6]);
  expect([...scale.high]).toEqual([4, 6]);
});

test('several taps get one locked scale that covers them all', () => {
  const early = source([-1, 0, 0, 1], [0, 0, 0, 2]);
  const late = source([0, 0, 0, 3], [-8, 0, 0, 1]);
  const scale = scaleOf([early, late], { mode: 'channel', centred: true, clip: 0 });
  expect([...scale.high]).toEqual([3, 8]);
});

test('a dead channel gets a range of extent one in which zero stays at its place', () => {
  const [dead, alive] = [
    [0, 0, 0, 0],
    [0, 1, 2, 4],
  ];
  const unsigned = scaleOf([source(dead!, alive!)], { mode: 'channel', centred: false, clip: 0 });
  expect([unsigned.low[0], unsigned.high[0]]).toEqual([0, 1]);
  expect(normalise(0, unsigned.low[0]!, unsigned.high[0]!)).toBe(0);
  const signed = scaleOf([source(dead!, alive!)], { mode: 'channel', centred: true, clip: 0 });
  expect(normalise(0, signed.low[0]!, signed.high[0]!)).toBe(0.5);
});

test('clipping cuts at most the asked share and says how much it cut', () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => i / 999);
  values[999] = 50; // one outlier
  const wide = exactTap('stem.relu', [1, 1, 10, 100], values);
  const scale = scaleOf([{ tap: wide }], { mode: 'block', centred: false, clip: 0.01 });
  expect(scale.high[0]).toBeLessThan(1.05);
  expect(scale.high[0]).toBeGreaterThan(0.95);
  expect(scale.clipped).toBeGreaterThan(0);
  expect(scale.clipped).toBeLessThanOrEqual(0.01);
  const whole = scaleOf([{ tap: wide }], { mode: 'block', centred: false, clip: 0 });
  expect([whole.high[0], whole.clipped]).toEqual([50, 0]);
});

test('clipping treats both signs alike', () => {
  const values = Float32Array.from({ length: 100 }, (_, i) => (i % 2 ? 1 : -1));
  values[7] = -40;
  const scale = scaleOf([{ tap: exactTap('stem.pre', [1, 1, 10, 10], values) }], {
    mode: 'channel',
    centred: true,
    clip: 0.02,
  });
  expect(scale.low[0]).toBe(-scale.high[0]!);
  expect(scale.high[0]).toBeLessThan(1.05);
  expect(scale.clipped).toBeCloseTo(0.01, 10);
});

test('clipping gives a quantised tap the range that it gives the exact one, within a step', () => {
  const shape = [2, 3, 4, 4] as const;
  const values = Float32Array.from({ length: 96 }, (_, i) => Math.sin(i * 1.7) * (1 + (i % 5)));
  const options = { mode: 'block', centred: true, clip: 0.05 } as const;
  const exact = scaleOf([{ tap: exactTap('stem.pre', shape, values) }], options);
  const coarse = scaleOf([{ tap: quantiseTap('stem.pre', shape, values) }], options);
  expect(Math.abs(exact.high[0]! - coarse.high[0]!)).toBeLessThan(0.03);
  expect(coarse.clipped).toBeLessThanOrEqual(0.05);
});

test('taps of different widths are refused by name', () => {
  const narrow = { tap: exactTap('stages.0.out', [1, 1, 1, 1], Float32Array.of(1)) };
  expect(() =>
    scaleOf([source([0, 0, 0, 0], [0, 0, 0, 0]), narrow], { mode: 'block', centred: true, clip: 0 }),
  ).toThrow(/stem.out and stages.0.out can't share a scale: they have 2 and 1 channels/);
});

test('a clip share outside 0 to 1 is refused', () => {
  expect(() => scaleOf([], { mode: 'block', centred: true, clip: 1 })).toThrow(/clip is 1/);
});

test('normalising clips to the ends', () => {
  expect([-9, -2, 0, 1, 2, 9].map((v) => normalise(v, -2, 2))).toEqual([0, 0, 0.5, 0.75, 1, 1]);
});

test('signed taps are drawn with the diverging map, others with a sequential one', () => {
  expect(defaultColourMap(true)).toBe('diverging');
  expect(defaultColourMap(false)).toBe('viridis');
});

test('one probe of several has the range of its own values, whatever the encoding', () => {
  const shape = [2, 1, 1, 3] as const;
  const values = Float32Array.of(-100, 0, 100, -1, 0.5, 3);
  const exact = exactTap('stem.pre', shape, values);
  const coarse = quantiseTap('stem.pre', shape, values);
  const options = { mode: 'channel', centred: true, clip: 0 } as const;
  expect(extentOf({ tap: exact, position: 1 }, 0)).toEqual([-1, 3]);
  expect(scaleOf([{ tap: exact, position: 1 }], options).high[0]).toBe(3);
  expect(scaleOf([{ tap: exact }], options).high[0]).toBe(100);
  const step = 200 / 255;
  expect(Math.abs(scaleOf([{ tap: coarse, position: 1 }], options).high[0]! - 3)).toBeLessThan(step / 2);
});

test('the clipped share counts the drawn probe alone', () => {
  const tap = exactTap('stem.relu', [2, 1, 1, 4], Float32Array.of(9, 9, 9, 9, 1, 1, 1, 5));
  const scale = scaleOf([{ tap, position: 1 }], { mode: 'block', centred: false, clip: 0.25 });
  expect(scale.clipped).toBe(0.25);
});

test('reaches of several moments are united channel by channel, whatever else is zero', () => {
  const options = { mode: 'channel', clip: 0 } as const;
  const early = reachOf([source([0, 0, 0, 0], [-2, 0, 0, 1])], options);
  const late = reachOf([source([0, 0.25, 0, 0], [0, 0, 0, 3])], options);
  const united = uniteReaches([early, late]);
  expect([...united.least]).toEqual([0, -2]);
  expect([...united.most]).toEqual([0.25, 3]);
  const scale = scaleOfReach(united, [], { ...options, centred: true });
  expect([...scale.high]).toEqual([0.25, 3]); // the dead moment's extent of one is not part of it
});

test('one range for a network is that of the channel that reaches furthest, in any block', () => {
  const options = { mode: 'network', clip: 0 } as const;
  const stem = reachOf([source([0, 1, 2, 3], [-5, 0, 0, 1])], options);
  const stage = reachOf([{ tap: exactTap('stages.0.out', [1, 1, 1, 2], Float32Array.of(4, 1)) }], options);
  const common = commonReach([stem, stage], 3);
  expect([...common.least]).toEqual([-5, -5, -5]);
  expect([...common.most]).toEqual([4, 4, 4]);
});
