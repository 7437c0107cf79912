import { brotliCompressSync, crc32, gzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { PackedFrame } from '../../../../server/runs/pack/format.ts';
import { packFrame } from '../../../../server/runs/pack/packFrame.ts';
import { VanillaNet } from '../../../../server/nn/vanillanet.ts';
import { Random } from '../../../../server/random.ts';
import { TapRecorder } from '../../../../server/training/recorder.ts';
import { encodeFrame, selectFrame, type Frame, type FrameTap } from '../../../../shared/frame.ts';
import { useWasm } from '../../training/backend.ts';
import { tinyConfig } from '../../training/tiny.ts';
import { bytesOf, frameOf, KINDS, numbers, tapOf, type Shape } from './frames.ts';
import { WRITTEN, writtenFrame } from './written.ts';

async function expectLossless(frame: Frame): Promise<Uint8Array> {
  const packed = packFrame(frame);
  const read = await new PackedFrame(packed).read();
  expect({ ...read, taps: [] }).toEqual({ ...frame, taps: [] });
  expect(read.taps.map(({ id, shape, encoding }) => ({ id, shape, encoding }))).toEqual(
    frame.taps.map(({ id, shape, encoding }) => ({ id, shape: [...shape], encoding })),
  );
  read.taps.forEach((tap, i) => expect(bytesOf(tap)).toEqual(bytesOf(frame.taps[i]!)));
  expect(Buffer.compare(encodeFrame(read), encodeFrame(frame))).toBe(0);
  return packed;
}

/** The names under which taps are foretold from each other, whatever they hold here. */
const NAMES = ['b.pre', 'b.act', 'b.conv2', 'b.pool', 'b.relu', 'b.out', 'head.pooled', 'head.pre', 'logits'];
const SHAPES: Shape[] = [
  [1, 1, 1, 1],
  [3, 2, 1, 1],
  [2, 3, 7, 5],
  [5, 4, 8, 8],
  [4, 9, 2, 2],
  [0, 3, 4, 4],
  [2, 0, 4, 4],
];

describe('a frame comes back to the last bit', () => {
  test.each(SHAPES)('with every tap of shape [%i, %i, %i, %i], of every kind of number', async (...shape) => {
    for (const kind of Object.keys(KINDS))
      for (const encoding of ['u8', 'f32'] as const)
        await expectLossless(frameOf(NAMES.map((id, i) => tapOf(id, shape, encoding, kind, i))));
  });

  test('with taps of any shapes, names, precisions and numbers together', async () => {
    const next = numbers(7);
    const below = (n: number): number => Math.floor(n * next());
    for (let round = 0; round < 60; round++) {
      const probes = 1 + below(4);
      const channels = 1 + below(6);
      const taps = NAMES.filter(() => next() < 0.8).map((id) => {
        const shape: Shape = [probes, next() < 0.7 ? channels : 1 + below(6), 1 + below(9), 1 + below(9)];
        const kinds = Object.keys(KINDS);
        return tapOf(id, shape, next() < 0.7 ? 'u8' : 'f32', kinds[below(kinds.length)]!, below(1e6));
      });
      if (taps.length > 0) await expectLossless(frameOf(taps, [0, 1, next()][below(3)]));
    }
  });

  test('with no taps, with names twice, and with numbers that are none', async () => {
    await expectLossless(frameOf([]));
    const twice = [1, 2].map((seed) => tapOf('b.pre', [2, 2, 4, 4], 'u8', 'noise', seed));
    await expectLossless(frameOf([...twice, tapOf('b.act', [2, 2, 4, 4], 'u8', 'noise', 3)]));
    const none = tapOf('b.pre', [1, 1, 2, 2], 'f32', 'noise', 1);
    (none.values as Float32Array).set([NaN, Infinity, -Infinity]);
    const act = tapOf('b.act', [1, 1, 2, 2], 'f32', 'noise', 1);
    const read = await new PackedFrame(packFrame(frameOf([none, act]))).read();
    expect([...read.taps[0]!.values].slice(0, 3)).toEqual([NaN, Infinity, -Infinity]);
    expect(read.taps[1]!.values).toEqual(act.values);
  });
});

describe('a recorded frame', () => {
  let net: VanillaNet;
  const probes = 6;
  const inputs = Float32Array.from(
    { length: probes * 32 * 32 * 3 },
    (_, i) => Math.sin(i / 7) + Math.cos(i / 190),
  );
  const record = (precision: 'u8' | 'f32'): Promise<Frame> => {
    const moment = { epoch: 1, step: 7, lambda: net.lambda, merged: net.merged, loss: 1, accuracy: 0.5 };
    return new TapRecorder(inputs, probes, precision).record(net, moment);
  };

  beforeAll(async () => {
    await useWasm();
    net = new VanillaNet(tinyConfig({ network: { stemStride: 2 } }).network, Random.seeded(3, 'weights'));
    const x = tf.tensor4d(inputs, [probes, 32, 32, 3]);
    for (let i = 0; i < 40; i++) net.apply(x, 'train').dispose();
    x.dispose();
    return () => net.dispose();
  });

  test.each([1, 0.4, 0])('at λ = %d takes much less than gzip leaves of it', async (lambda) => {
    net.lambda = lambda;
    const frame = await record('u8');
    const packed = await expectLossless(frame);
    expect(packed.length).toBeLessThan(0.6 * gzipSync(encodeFrame(frame)).length);
  });

  test('at full precision comes back exactly, and is smaller than gzip makes it', async () => {
    net.lambda = 0.4;
    const frame = await record('f32');
    const packed = await expectLossless(frame);
    expect(packed.length).toBeLessThan(0.8 * gzipSync(encodeFrame(frame)).length);
  });

  test('of a merged network, without the taps inside its pairs, comes back exactly', async () => {
    net.lambda = 0;
    net.merge();
    const frame = await record('u8');
    expect(frame.taps.some((tap) => tap.id.endsWith('.act'))).toBe(false);
    await expectLossless(frame);
  });
});

/** Two blocks whose taps are foretold from each other. */
function twoBlocks(): Frame {
  const block = (name: string, seed: number): FrameTap[] => {
    const pre = tapOf(`${name}.pre`, [3, 2, 8, 8], 'u8', 'waves', seed);
    return [pre, { ...pre, id: `${name}.act` }];
  };
  return frameOf([...block('a', 1), ...block('b', 2)], 0);
}

/** How the taps of a packed frame are stored, as its header tells. */
function tapsOf(packed: Uint8Array): { id: string; by: string; bytes: number }[] {
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(4, true);
  const header = new TextDecoder().decode(packed.subarray(12, 12 + length));
  return (JSON.parse(header) as { taps: { id: string; by: string; bytes: number }[] }).taps;
}

test('a file of the first version is read to the last bit, each probe of it too', async () => {
  const frame = writtenFrame();
  const written = new PackedFrame(WRITTEN);
  expect(tapsOf(WRITTEN).map((tap) => tap.by)).toEqual([
    ...['left', 'annealed', 'mix', 'pool', 'relu', 'filter', 'level'],
  ]);
  const read = await written.read();
  expect(read.taps.map(bytesOf)).toEqual(frame.taps.map(bytesOf));
  for (const probe of frame.probes) {
    const one = await written.read({ probes: [probe] });
    expect(Buffer.compare(encodeFrame(one), encodeFrame(selectFrame(frame, null, [probe])))).toBe(0);
  }
});

describe('reading a part', () => {
  test('gives the taps that were asked for, in the order of the frame, and leaves out what is not there', async () => {
    const frame = twoBlocks();
    const part = await new PackedFrame(packFrame(frame)).read({ taps: ['b.act', 'a.pre', 'nothing'] });
    expect(part.taps.map((tap) => tap.id)).toEqual(['a.pre', 'b.act']);
    expect(part.taps.map(bytesOf)).toEqual([frame.taps[0]!, frame.taps[3]!].map(bytesOf));
    expect(part.probes).toEqual(frame.probes);
  });

  test('gives any of the probes, alike whatever else is read with them', async () => {
    const next = numbers(9);
    for (let round = 0; round < 40; round++) {
      const shape: Shape = [
        4,
        1 + Math.floor(5 * next()),
        2 * Math.ceil(4 * next()),
        2 * Math.ceil(4 * next()),
      ];
      const kinds = Object.keys(KINDS);
      const taps = NAMES.map((id, i) => {
        const encoding = next() < 0.75 ? 'u8' : 'f32';
        const kind = kinds[Math.floor(next() * kinds.length)]!;
        const [p, c, h, w] = shape;
        const flat = id === 'head.pooled';
        return tapOf(
          id,
          id === 'b.pool' ? [p, c, h / 2, w / 2] : flat ? [p, c, 1, 1] : shape,
          encoding,
          kind,
          i,
        );
      });
      const frame = frameOf(taps, next());
      const packed = new PackedFrame(packFrame(frame));
      for (const probes of [[0], [9], [3, 6], [6, 0, 3], [4], []])
        for (const ids of [null, [NAMES[Math.floor(next() * NAMES.length)]!]]) {
          const read = await packed.read({ taps: ids, probes });
          const wanted = selectFrame(frame, ids, probes);
          expect(read.probes).toEqual(wanted.probes);
          expect(Buffer.compare(encodeFrame(read), encodeFrame(wanted))).toBe(0);
        }
    }
  });

  test('with no probes gives the ranges of channels', async () => {
    const frame = twoBlocks();
    const { taps } = await new PackedFrame(packFrame(frame)).read({ taps: ['a.act'], probes: [] });
    expect(taps.map(({ shape }) => shape)).toEqual([[0, 2, 8, 8]]);
    expect(taps[0]!.minimum).toEqual(frame.taps[1]!.minimum);
    expect(taps[0]!.maximum).toEqual(frame.taps[1]!.maximum);
    expect(taps[0]!.values).toHaveLength(0);
  });

  test('names a damaged tap that the wanted probe of another is foretold from', async () => {
    const packed = packFrame(twoBlocks());
    const ofB = tapsOf(packed).slice(2);
    const pre = packed.length - ofB.reduce((sum, tap) => sum + tap.bytes, 0);
    packed[pre]! ^= 1; // the first byte of b.pre
    const frame = new PackedFrame(packed);
    await expect(frame.read({ taps: ['b.act'], probes: [3] })).rejects.toMatchObject({
      code: 'INVALID_FRAME',
      message: expect.stringContaining('tap b.pre is damaged') as string,
    });
    expect((await frame.read({ taps: ['a.act'], probes: [3] })).taps).toHaveLength(1);
  });

  test('ends with the reason of the one who gave it up', async () => {
    const frame = new PackedFrame(packFrame(twoBlocks()));
    const gone = new Error('gone');
    await expect(frame.read({ signal: AbortSignal.abort(gone) })).rejects.toBe(gone);
  });

  test('needs no other block: damage there is found only by who reads it', async () => {
    const packed = packFrame(twoBlocks());
    packed[packed.length - 1]! ^= 1; // the last payload: b.act
    const frame = new PackedFrame(packed);
    expect((await frame.read({ taps: ['a.act', 'b.pre'] })).taps).toHaveLength(2);
    await expect(frame.read({ taps: ['b.act'] })).rejects.toThrow('tap b.act is damaged');
    await expect(frame.read()).rejects.toThrow('tap b.act is damaged');
  });
});

describe('a file that is not what was written', () => {
  test('is refused wherever a byte is wrong', async () => {
    const packed = packFrame(twoBlocks());
    for (let at = 0; at < packed.length; at += 5) {
      const wrong = packed.slice();
      wrong[at]! ^= 1 << (at & 7);
      await expect((async () => new PackedFrame(wrong).read())()).rejects.toMatchObject({
        code: 'INVALID_FRAME',
      });
    }
  });

  test('is refused wherever it is cut off, and with more behind it', async () => {
    const packed = packFrame(twoBlocks());
    for (let length = 0; length < packed.length; length += 13)
      expect(() => new PackedFrame(packed.subarray(0, length))).toThrow(/cut off|does not begin with VSP1/);
    expect(() => new PackedFrame(Buffer.concat([packed, Buffer.from('x')]))).toThrow(
      '1 bytes follow its last tap',
    );
  });

  /** A whole and unharmed file whose only tap is stored in this way. */
  function written(stored: object, content: Uint8Array): Uint8Array {
    const { taps: _, ...moment } = frameOf([tapOf('b.pre', [1, 1, 2, 2], 'u8', 'noise', 1)]);
    const payload = brotliCompressSync(content);
    const tap = {
      id: 'b.pre',
      shape: [1, 1, 2, 2],
      encoding: 'u8',
      bytes: payload.length,
      crc: crc32(payload),
    };
    const json = Buffer.from(JSON.stringify({ ...moment, taps: [{ ...tap, ...stored }] }));
    const prefix = Buffer.from('VSP1........');
    prefix.writeUInt32LE(json.length, 4);
    prefix.writeUInt32LE(crc32(json), 8);
    return Buffer.concat([prefix, json, payload]);
  }

  test.each([
    [{ by: 'dreams' }, "this program does not know how to read tap b.pre, stored by 'dreams'"],
    [
      { by: 'annealed', from: 'c.pre' },
      "this program does not know how to read tap b.pre, stored by 'annealed'",
    ],
    [
      { by: 'annealed', from: 'b.pre' },
      "this program does not know how to read tap b.pre, stored by 'annealed'",
    ],
    [{ by: 'relu' }, "this program does not know how to read tap b.pre, stored by 'relu'"],
    [{ by: 'level', shift: 'far' }, 'it does not tell how tap b.pre is stored'],
    [{}, 'it does not tell how tap b.pre is stored'],
  ])('stored by %j is refused with the reason', (stored, why) => {
    expect(() => new PackedFrame(written(stored, new Uint8Array(12)))).toThrow(why);
  });

  test.each([0, 7, 11, 13, 5000])('whose tap has %i bytes instead of 12 is refused', async (length) => {
    const whole = await new PackedFrame(written({ by: 'level' }, new Uint8Array(12))).read();
    expect([...whole.taps[0]!.values]).toEqual([0, 0, 0, 0]);
    const frame = new PackedFrame(written({ by: 'level' }, new Uint8Array(length)));
    await expect(frame.read()).rejects.toThrow('tap b.pre is damaged');
  });
});
