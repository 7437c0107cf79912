import { describe, expect, test } from 'vitest';
import { ScopeError } from '../../shared/errors.ts';
import {
  decodeFrame,
  encodeFrame,
  exactTap,
  quantiseTap,
  readMap,
  selectFrame,
  type Frame,
  type FrameTap,
} from '../../shared/frame.ts';

type Shape = FrameTap['shape'];

/** Repeatable numbers in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Values of every size and sign, from 1e-6 to 1e6. */
function values(shape: Shape, seed: number): Float32Array {
  const next = numbers(seed);
  const scale = 10 ** (12 * next() - 6);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (next() - 0.3) * scale);
}

const SHAPES: Shape[] = [
  [1, 1, 1, 1],
  [1, 3, 2, 2],
  [2, 5, 3, 3],
  [3, 1, 7, 5],
  [9, 8, 4, 4],
  [2, 33, 1, 1],
];

function frame(shapes: readonly Shape[], seed = 1): Frame {
  const probes = shapes[0]![0];
  return {
    epoch: 2.5,
    step: 40,
    lambda: 0.75,
    merged: false,
    loss: 1.25,
    accuracy: 0.5,
    probes: Array.from({ length: probes }, (_, i) => 2 * i),
    taps: shapes.map((shape, i) => {
      const data = values(shape, seed + i);
      return shape[2] * shape[3] === 1
        ? exactTap(`tap.${i}`, shape, data)
        : quantiseTap(`tap.${i}`, shape, data);
    }),
  };
}

const MIXED = frame([
  [3, 1, 7, 5],
  [3, 4, 1, 1],
  [3, 2, 3, 3],
]);

describe('quantised maps', () => {
  test.each(SHAPES)('are off by at most half a step of their channel: [%i, %i, %i, %i]', (...shape) => {
    for (let seed = 0; seed < 20; seed++) {
      const data = values(shape, seed);
      const tap = quantiseTap('t', shape, data);
      const plane = shape[2] * shape[3];
      for (let p = 0, at = 0; p < shape[0]; p++)
        for (let c = 0; c < shape[1]; c++) {
          const half = (tap.maximum[c]! - tap.minimum[c]!) / 510;
          const map = readMap(tap, p, c);
          expect(map.length).toBe(plane);
          for (const v of map) {
            const exact = data[at++]!;
            expect(Math.abs(v - exact)).toBeLessThanOrEqual(half * 1.0001 + Math.abs(exact) * 1e-6);
          }
        }
    }
  });

  test('have one range a channel over all probes, and its ends are exact', () => {
    const shape: Shape = [2, 2, 1, 2];
    const tap = quantiseTap('t', shape, Float32Array.of(0, 4, -1, 0, 2, -6, 7, 3));
    expect([...tap.minimum]).toEqual([-6, -1]);
    expect([...tap.maximum]).toEqual([4, 7]);
    expect(readMap(tap, 0, 0)[1]).toBe(4);
    expect(readMap(tap, 1, 0)[1]).toBe(-6);
    expect(readMap(tap, 1, 1)[0]).toBe(7);
  });

  test('of a constant channel read back exactly', () => {
    for (const value of [0, -3.25, 1e30, 1e-40]) {
      const tap = quantiseTap('t', [2, 1, 2, 2], new Float32Array(8).fill(value));
      expect([...readMap(tap, 1, 0)]).toEqual(new Array(4).fill(Math.fround(value)));
    }
  });

  test('may span the whole of float32 and its smallest step', () => {
    const most = 3.4e38;
    const wide = quantiseTap('t', [1, 1, 1, 3], Float32Array.of(-most, 0, most));
    expect([...wide.values]).toEqual([0, 128, 255]);
    expect(readMap(wide, 0, 0)[2]).toBeCloseTo(Math.fround(most), -33);
    const narrow = quantiseTap('t', [1, 1, 1, 2], Float32Array.of(0, 1.4e-45));
    expect([...narrow.values]).toEqual([0, 255]);
  });

  test.each([NaN, Infinity, -Infinity])(
    'are refused with tap, channel and probe where a value is %f',
    (bad) => {
      const data = values([2, 3, 2, 2], 1);
      data[4 * (3 + 2) + 1] = bad;
      expect(() => quantiseTap('stages.1.out', [2, 3, 2, 2], data)).toThrow(
        expect.objectContaining({
          code: 'NON_FINITE',
          field: 'stages.1.out',
          message: expect.stringMatching(/^tap stages\.1\.out, channel 2, probe 1/),
        }),
      );
    },
  );

  test('are refused where the values do not fill the shape', () => {
    expect(() => quantiseTap('t', [1, 2, 2, 2], new Float32Array(7))).toThrow(
      '7 values do not fill [1, 2, 2, 2]',
    );
  });
});

describe('a frame', () => {
  test.each(SHAPES)('of one tap [%i, %i, %i, %i] comes back as it was', (...shape) => {
    for (let seed = 0; seed < 10; seed++) {
      const sent = frame([shape], seed);
      expect(decodeFrame(encodeFrame(sent))).toEqual(sent);
    }
  });

  test('of several taps of both encodings comes back as it was', () => {
    expect(decodeFrame(encodeFrame(MIXED))).toEqual(MIXED);
  });

  test('without a loss, without probes or without taps comes back as it was', () => {
    const before = { ...MIXED, epoch: 0, step: 0, loss: null, accuracy: null, merged: true };
    expect(decodeFrame(encodeFrame(before))).toEqual(before);
    const empty = { ...MIXED, probes: [], taps: [] };
    expect(decodeFrame(encodeFrame(empty))).toEqual(empty);
  });

  test('is read from any place in a larger buffer', () => {
    const bytes = encodeFrame(MIXED);
    for (let offset = 0; offset < 8; offset++) {
      const buffer = new Uint8Array(bytes.length + 16);
      buffer.set(bytes, offset);
      expect(decodeFrame(buffer.subarray(offset, offset + bytes.length))).toEqual(MIXED);
    }
  });

  test('names of taps may be any text', () => {
    const odd = { ...MIXED, taps: MIXED.taps.map((tap, i) => ({ ...tap, id: `λ 图 "${i}"\n` })) };
    expect(decodeFrame(encodeFrame(odd))).toEqual(odd);
  });

  test('cut off at any byte, or too long by any, is refused', () => {
    const bytes = encodeFrame(MIXED);
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeFrame(bytes.subarray(0, length)), `${length} bytes`).toThrow(ScopeError);
    for (const more of [1, 4, 100]) {
      const longer = new Uint8Array(bytes.length + more);
      longer.set(bytes);
      expect(() => decodeFrame(longer)).toThrow(`${more} bytes follow`);
    }
  });

  test('with any one byte of its header destroyed is refused or read, but never breaks the reader', () => {
    const bytes = encodeFrame(MIXED);
    const header = 8 + new DataView(bytes.buffer).getUint32(4, true);
    for (let at = 0; at < header; at++)
      for (const value of [0, 0x22, 0x39, 0x5b, 0xff]) {
        const broken = bytes.slice();
        broken[at] = value;
        try {
          decodeFrame(broken);
        } catch (error) {
          expect(error, `byte ${at} = ${value}: ${String(error)}`).toBeInstanceOf(ScopeError);
        }
      }
  });

  test.each([
    ['no object', null, /no object/],
    ['no moment', { ...MIXED, lambda: 'x', taps: [] }, /does not tell/],
    ['a loss that is a text', { ...MIXED, loss: '1', taps: [] }, /loss or accuracy/],
    ['no probes', { ...MIXED, probes: undefined, taps: [] }, /probes/],
    ['no taps', { ...MIXED, taps: 3 }, /no list of taps/],
    ['a tap that is nothing', { ...MIXED, taps: [null] }, /no name/],
    ['a tap without a name', { ...MIXED, taps: [{ shape: [3, 1, 1, 1], encoding: 'f32' }] }, /no name/],
    [
      'negative shape',
      { ...MIXED, taps: [{ id: 'a', shape: [3, -1, 1, 1], encoding: 'f32' }] },
      /tap a .*shape/,
    ],
    [
      'other probes',
      { ...MIXED, taps: [{ id: 'a', shape: [2, 1, 1, 1], encoding: 'f32' }] },
      /tap a .*shape/,
    ],
    ['an unknown encoding', { ...MIXED, taps: [{ id: 'a', shape: [3, 1, 1, 1], encoding: 'f64' }] }, /f64/],
    ['a vast shape', { ...MIXED, taps: [{ id: 'a', shape: [3, 2e9, 2e9, 9], encoding: 'u8' }] }, /cut off/],
  ])('with a header of %s is refused', (_, header, message) => {
    const json = new TextEncoder().encode(JSON.stringify(header));
    const length = (json.length + 3) & ~3;
    const bytes = new Uint8Array(8 + length).fill(0x20, 8);
    bytes.set(encodeFrame(MIXED).subarray(0, 4));
    new DataView(bytes.buffer).setUint32(4, length, true);
    bytes.set(json, 8);
    expect(() => decodeFrame(bytes)).toThrow(
      expect.objectContaining({ code: 'INVALID_FRAME', message: expect.stringMatching(message) }),
    );
  });
});

describe('a part of a frame', () => {
  test('holds the taps and probes asked for, with the same maps', () => {
    const part = selectFrame(MIXED, ['tap.2', 'tap.1', 'nowhere'], [4, 0, 1]);
    expect(part.probes).toEqual([0, 4]);
    expect(part.taps.map((tap) => [tap.id, tap.shape])).toEqual([
      ['tap.1', [2, 4, 1, 1]],
      ['tap.2', [2, 2, 3, 3]],
    ]);
    expect(readMap(part.taps[1]!, 1, 1)).toEqual(readMap(MIXED.taps[2]!, 2, 1));
    expect(readMap(part.taps[0]!, 1, 3)).toEqual(readMap(MIXED.taps[1]!, 2, 3));
    expect(decodeFrame(encodeFrame(part)).probes).toEqual([0, 4]);
  });

  test('is the whole where nothing is asked for', () => {
    expect(selectFrame(MIXED, null, null)).toEqual(MIXED);
  });

  test('of no probes is empty and can still be sent', () => {
    const none = selectFrame(MIXED, null, []);
    expect(none.taps.every((tap) => tap.values.length === 0)).toBe(true);
    expect(decodeFrame(encodeFrame(none)).probes).toEqual([]);
  });

  test('a map that does not exist is refused with what there is', () => {
    expect(() => readMap(MIXED.taps[0]!, 3, 0)).toThrow('3 probes and 1 channels');
    expect(() => readMap(MIXED.taps[0]!, 0, -1)).toThrow(ScopeError);
  });
});
