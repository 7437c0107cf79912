import { expect, test } from 'vitest';
import { Uploads } from '../../../server/runs/uploads.ts';
import { encodeSafetensors } from '../../../shared/safetensors.ts';

const file = (value: number): Uint8Array =>
  encodeSafetensors(new Map([['a', { dtype: 'F32', shape: [1], data: Float32Array.of(value) }]]));

test('the last two files are kept under the id of their content', () => {
  const uploads = new Uploads();
  const [first, second] = [uploads.add(file(1)), uploads.add(file(2))];
  expect(uploads.add(file(1)).id).toBe(first.id);
  const third = uploads.add(file(3));
  expect(() => uploads.get(second.id)).toThrow(`there are no weights '${second.id}'`);
  expect(uploads.get(first.id).bytes).toEqual(file(1));
  expect(uploads.get(third.id).network).toEqual({});
});
