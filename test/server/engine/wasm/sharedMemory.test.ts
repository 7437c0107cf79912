import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { withSharedMemory } from '../../../../server/engine/wasm/sharedMemory.ts';

const require = createRequire(import.meta.url);
const backend = new Uint8Array(
  readFileSync(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm')),
);

/** A module whose only section is a memory with these limits. */
const withMemory = (...limits: number[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 1 + limits.length, 1, ...limits);

test("the backend's binary differs in one byte once its memory is shared, and is valid", () => {
  const shared = withSharedMemory(backend)!;
  const different = [...shared].flatMap((byte, at) => (byte === backend[at] ? [] : [[backend[at], byte]]));
  expect(different).toEqual([[1, 3]]);
  expect(WebAssembly.validate(shared)).toBe(true);
});

test('a memory with limits becomes shared', async () => {
  const { instance } = await WebAssembly.instantiate(withSharedMemory(withMemory(1, 1, 4))!, {});
  expect(instance.exports).toEqual({});
});

test('a binary with another memory, or none, is left alone', () => {
  expect(withSharedMemory(withMemory(0, 1))).toBeUndefined(); // no maximum
  expect(withSharedMemory(withMemory(3, 1, 4))).toBeUndefined(); // shared already
  expect(withSharedMemory(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).toBeUndefined();
});
