import { expect, test } from 'vitest';
import { readStart } from '../../../server/runs/start.ts';
import { encodeSafetensors } from '../../../shared/safetensors.ts';

const file = (metadata: Record<string, string>, name = 'stem1.0.weight'): Uint8Array =>
  encodeSafetensors(new Map([[name, { dtype: 'F32', shape: [1], data: Float32Array.of(1) }]]), metadata);

test('the network is read off the metadata as the reference writes them, with the stem that it has', () => {
  const reference = { dims: '[16, 32]', strides: '[2]', act_num: '3', bn_eps: '1e-6' };
  expect(readStart(file(reference))).toEqual({
    dims: [16, 32],
    strides: [2],
    activation: { kind: 'series', n: 3 },
    bnEpsilon: 1e-6,
    stemStride: 4,
  });
});

test('what an export of this program says goes before', () => {
  const ours = { dims: '[6,8]', activation: '{"kind":"relu"}', stem_stride: '2', act_num: '9' };
  expect(readStart(file(ours))).toEqual({ dims: [6, 8], activation: { kind: 'relu' }, stemStride: 2 });
});

test('a file that says nothing leaves the network to the preset', () => {
  expect(readStart(file({}))).toEqual({});
});

test('a merged network, metadata that are no JSON, and other files are refused by name', () => {
  expect(() => readStart(file({}, 'stem.0.weight'))).toThrow('it holds a merged network');
  expect(() => readStart(file({ dims: '[6,' }))).toThrow("'dims' in its metadata is '[6,', no JSON");
  expect(() => readStart(Buffer.from('PK'))).toThrow('not a readable safetensors file');
});
