import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readStart, StartReader } from '../../../server/runs/start.ts';
import { encodeSafetensors } from '../../../shared/safetensors.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'vanillascope-start-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const file = (metadata: Record<string, string>, name = 'stem1.0.weight'): Uint8Array =>
  encodeSafetensors(new Map([[name, { dtype: 'F32', shape: [1], data: Float32Array.of(1) }]]), metadata);
const read = (bytes: Uint8Array): ReturnType<typeof readStart> => {
  const path = join(folder, 'weights');
  writeFileSync(path, bytes);
  return readStart(path);
};

test('the network is read off the metadata as the reference writes them, with the stem that it has', async () => {
  const reference = { dims: '[16, 32]', strides: '[2]', act_num: '3', bn_eps: '1e-6' };
  expect(await read(file(reference))).toEqual({
    dims: [16, 32],
    strides: [2],
    activation: { kind: 'series', n: 3 },
    bnEpsilon: 1e-6,
    stemStride: 4,
  });
});

test('what an export of this program says goes before', async () => {
  const ours = { dims: '[6,8]', activation: '{"kind":"relu"}', stem_stride: '2', act_num: '9' };
  expect(await read(file(ours))).toEqual({ dims: [6, 8], activation: { kind: 'relu' }, stemStride: 2 });
});

test('a file that says nothing leaves the network to the preset', async () => {
  expect(await read(file({}))).toEqual({});
});

test('a merged network, metadata that are no JSON, other files and none are refused by name', async () => {
  await expect(read(file({}, 'stem.0.weight'))).rejects.toThrow('it holds a merged network');
  await expect(read(file({ dims: '[6,' }))).rejects.toThrow("'dims' in its metadata is '[6,', no JSON");
  await expect(read(Buffer.from('PK'))).rejects.toThrow('not a readable safetensors file: 2 bytes');
  await expect(readStart(join(folder, 'none'))).rejects.toThrow('ENOENT');
});

describe('a file that comes in pieces', () => {
  const whole = file({ dims: '[6]' });
  const bad = (bytes: Uint8Array, fileBytes?: number): (() => void) => {
    const reader = new StartReader(fileBytes);
    return () => {
      for (const byte of bytes) reader.push(Uint8Array.of(byte));
      reader.end();
    };
  };
  /** The 8 bytes that tell the header's length. */
  const length = (bytes: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(bytes)).buffer);

  test('gives the same network, whatever its pieces', () => {
    for (const size of [1, 7, 8, 9, 64, whole.length]) {
      const reader = new StartReader(whole.length);
      for (let at = 0; at < whole.length; at += size) reader.push(whole.subarray(at, at + size));
      expect(reader.end()).toEqual({ dims: [6], stemStride: 4 });
    }
  });

  test('is refused as soon as it can be told', () => {
    const pushed = (bytes: Uint8Array, fileBytes?: number): (() => void) => {
      return () => new StartReader(fileBytes).push(bytes);
    };
    expect(pushed(Buffer.from('PK\x03\x04\x14\x00\x08\x08'))).toThrow(
      'its header would be 578712638083779500 bytes',
    );
    expect(pushed(length(2 ** 20 + 1))).toThrow('its header would be 1048577 bytes; up to 1048576 are valid');
    expect(pushed(length(5000), 900)).toThrow('its header would be 5000 bytes, the file has 900');
    expect(pushed(Buffer.concat([length(40), Buffer.from('[')]))).toThrow(
      "begins with the byte 91, not with '{'",
    );
    const head = whole.subarray(0, -4);
    expect(pushed(head, head.length + 2)).toThrow('tensor stem1.0.weight lies at 0 to 4 of 2 bytes');
    expect(pushed(head, whole.length)).not.toThrow();
  });

  test('is refused where it ends too early or too late', () => {
    expect(bad(new Uint8Array())).toThrow('it ends after 0 of at least 8 bytes');
    expect(bad(whole.subarray(0, 20))).toThrow('it ends within its header, after 20 bytes');
    expect(bad(whole.subarray(0, -1))).toThrow(
      `it ends after ${whole.length - 1} of at least ${whole.length}`,
    );
    expect(bad(Buffer.concat([whole, whole]))).toThrow(`it goes on after the ${whole.length} bytes`);
    expect(bad(whole)).not.toThrow();
  });
});
