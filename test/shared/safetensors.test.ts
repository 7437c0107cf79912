import { describe, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '../../shared/safetensors.ts';

const tensors = new Map<string, SafetensorsTensor>([
  ['weights', { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, -2, 3.5, NaN, Infinity, -0) }],
  ['steps', { dtype: 'I64', shape: [], data: BigInt64Array.of(-(2n ** 40n)) }],
  ['labels', { dtype: 'I32', shape: [3], data: Int32Array.of(-1, 0, 7) }],
  ['image', { dtype: 'U8', shape: [1, 5], data: Uint8Array.of(0, 1, 2, 3, 255) }],
  ['nothing', { dtype: 'F32', shape: [0, 4], data: new Float32Array() }],
]);

test('tensors of every type and their metadata come back as they went in, in order', () => {
  const file = decodeSafetensors(encodeSafetensors(tensors, { dims: '[1, 2]', note: 'größe λ' }));
  expect([...file.tensors]).toEqual([...tensors]);
  expect(file.metadata).toEqual({ dims: '[1, 2]', note: 'größe λ' });
  expect(decodeSafetensors(encodeSafetensors(new Map())).tensors.size).toBe(0);
});

test('values begin at a multiple of 8 bytes, and any view of the bytes can be read', () => {
  const bytes = encodeSafetensors(tensors);
  expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  expect([...decodeSafetensors(shifted).tensors]).toEqual([...tensors]);
  expect([...decodeSafetensors(Buffer.from(bytes)).tensors]).toEqual([...tensors]);
});

test('a tensor whose values do not fill its shape is not written', () => {
  const wrong = new Map([['w', { dtype: 'F32' as const, shape: [3], data: new Float32Array(2) }]]);
  expect(() => encodeSafetensors(wrong)).toThrow("tensor w of type F32 and shape [3] can't hold 2 values");
});

describe('a file that is not whole is refused, saying why', () => {
  const raw = (header: unknown, values = 0): Uint8Array => {
    const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
    const bytes = new Uint8Array(8 + json.length + values);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    return bytes;
  };
  const entry = (change: object): Uint8Array =>
    raw({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change } }, 8);

  test.each([
    ['shorter than its length field', new Uint8Array(5), '5 bytes are shorter'],
    ['cut within the header', encodeSafetensors(tensors).subarray(0, 40), 'its header would be'],
    [
      'cut within the values',
      encodeSafetensors(tensors).subarray(0, -8),
      'tensor labels lies at 32 to 44 of 41',
    ],
    ['something else', new TextEncoder().encode('not a safetensors file at all'), 'its header would be'],
    ['without JSON', raw('{"w":'), 'its header is not JSON'],
    ['with a list for a header', raw([]), 'its header is no object'],
    ['of another type', entry({ dtype: 'BF16' }), 'tensor w is of type BF16; F32, I32, I64, U8 are valid'],
    ['with a negative axis', entry({ shape: [-2] }), 'tensor w has the shape [-2]'],
    ['without offsets', entry({ data_offsets: undefined }), 'tensor w has no data_offsets'],
    ['with offsets past the end', entry({ data_offsets: [8, 16] }), 'tensor w lies at 8 to 16 of 8 bytes'],
    ['with too few bytes for the shape', entry({ data_offsets: [0, 4] }), 'needs 8 bytes and has 4'],
    ['with numbers for metadata', raw({ __metadata__: { a: 1 } }), '__metadata__ must hold texts only'],
  ])('%s', (_what, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrowError(
      expect.objectContaining({
        code: 'INVALID_WEIGHTS',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
