import { expect, test } from 'vitest';
import * as bits from '../../../../server/runs/pack/bits.ts';
import { numbers } from './frames.ts';

test('every residual of a byte is folded to one and back, the small ones to small ones', () => {
  const folded = Array.from({ length: 256 }, (_, residual) => bits.fold8(residual));
  expect([...folded].sort((a, b) => a - b)).toEqual(Array.from({ length: 256 }, (_, i) => i));
  expect(folded.map(bits.unfold8)).toEqual(Array.from({ length: 256 }, (_, i) => i));
  expect([0, -1, 1, -2, 2].map(bits.fold8)).toEqual([0, 1, 2, 3, 4]);
});

test('neighbouring floats are one apart, through 0 and into the denormals', () => {
  const order = (value: number): number => bits.ordered(bits.bitsOf(Float32Array.of(value))[0]!);
  const least = 2 ** -149;
  expect([-least, -0, 0, least].map((v) => order(v) - order(0))).toEqual([-2, -1, 0, 1]);
  expect(order(1 + 2 ** -23) - order(1)).toBe(1);
  expect(order(-1) - order(-1 - 2 ** -23)).toBe(1);
  const sorted = [-Infinity, -3e38, -1, -1e-40, 0, 1e-40, 1, 3e38, Infinity];
  expect([...sorted].sort((a, b) => order(a) - order(b))).toEqual(sorted);
});

test('floats come back from their planes whatever was foretold of them', () => {
  const next = numbers(3);
  const any = (): Float32Array =>
    new Float32Array(Uint32Array.from({ length: 500 }, () => Math.floor(next() * 2 ** 32)).buffer);
  const values = any();
  for (const foretold of [any(), values, new Float32Array(500)]) {
    const planes = bits.floatsToPlanes(values, foretold);
    expect(bits.bitsOf(bits.floatsFromPlanes(planes, foretold))).toEqual(bits.bitsOf(values));
  }
  expect(bits.floatsToPlanes(values, values)).toEqual(new Uint8Array(2000));
});

test('four small residuals share a byte, and large ones follow', () => {
  const folded = Uint8Array.of(0, 1, 2, 0, 200, 1);
  const quads = bits.toQuads(folded);
  expect([...quads]).toEqual([0b00_10_01_00, 0b01_11, 197]);
  expect(bits.fromQuads(quads, { count: 1, each: 6, kept: [0] })).toEqual(folded);
  for (const wrong of [quads.subarray(0, 2), quads.subarray(0, 1), Uint8Array.of(...quads, 1)])
    expect(bits.fromQuads(wrong, { count: 1, each: 6, kept: [0] })).toBeNull();
});

test('rows that are wanted come from quads alone, and escapes of others are passed over', () => {
  const next = numbers(4);
  for (const each of [1, 3, 4, 7, 8, 13]) {
    const count = 5;
    const folded = Uint8Array.from({ length: count * each }, () =>
      next() < 0.6 ? 0 : Math.floor(256 * next() ** 4),
    );
    const quads = bits.toQuads(folded);
    for (const kept of [[0], [4], [1, 3], [0, 1, 2, 3, 4], []]) {
      const wanted = kept.flatMap((row) => [...folded.subarray(row * each, (row + 1) * each)]);
      expect([...bits.fromQuads(quads, { count, each, kept })!]).toEqual(wanted);
      expect(bits.fromQuads(Uint8Array.of(...quads, 1), { count, each, kept })).toBeNull();
    }
  }
});

test('rows of floats that are wanted come from the planes alone', () => {
  const values = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
  const planes = bits.floatsToPlanes(values, values.map(Math.cos));
  const pick = (all: Float32Array): Float32Array =>
    Float32Array.of(...all.subarray(3, 6), ...all.subarray(9));
  expect(bits.floatsFromPlanes(planes, pick(values.map(Math.cos)), { each: 3, kept: [1, 3] })).toEqual(
    pick(values),
  );
});

test('entropy is 0 for one byte repeated and a byte each where all are alike', () => {
  expect(bits.entropy(new Uint8Array(100).fill(7))).toBe(0);
  expect(bits.entropy(Uint8Array.from({ length: 512 }, (_, i) => i))).toBeCloseTo(512);
  expect(bits.entropy(new Uint8Array(0))).toBe(0);
});
