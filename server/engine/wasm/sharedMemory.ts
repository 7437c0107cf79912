/** tfjs's wasm backend on a memory that threads can share. Its own build with threads hangs in Node; the one without has
 * a memory that differs in a single flag of the binary, which is set while it is loaded. */
import * as tf from '@tensorflow/tfjs-core';
import { readFile } from 'node:fs/promises';

/** Pages of 64 KiB: all that 32-bit addresses reach, as the backend's binary declares it. */
const PAGES = 65_536;

/** Whether this machine gives shared memory at all: its address space is taken at once, the pages when they are used. */
function canShare(): boolean {
  try {
    return (
      new WebAssembly.Memory({ initial: 1, maximum: PAGES, shared: true }).buffer instanceof SharedArrayBuffer
    );
  } catch {
    return false;
  }
}

/** A LEB128 number: its value and the place after it. */
function readNumber(code: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = code[at++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}

/** The memory section of a module: its number, and the flags of limits with a maximum. */
const MEMORY_SECTION = 5;
const BOUNDED = 1;
const BOUNDED_SHARED = 3;

/** The module with its memory shared; undefined where it has another kind of memory than the one expected. */
export function withSharedMemory(code: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  // After eight bytes of magic number and version come sections: number, length, content.
  for (let at = 8; at < code.length;) {
    const section = code[at]!;
    const [length, content] = readNumber(code, at + 1);
    if (section === MEMORY_SECTION) {
      const [count, flags] = readNumber(code, content);
      if (count !== 1 || code[flags] !== BOUNDED) return undefined;
      const shared = code.slice();
      shared[flags] = BOUNDED_SHARED;
      return WebAssembly.validate(shared) ? shared : undefined;
    }
    at = content + length;
  }
  return undefined;
}

/** Loads the backend by `load`, from the file `binary`; where `share` is set its memory is shared, if that can be had. The
 * backend must have been told to fetch by the platform (`setWasmPaths(…, true)`); it waits for ever where fetching or making the
 * memory fails, so both are tried beforehand. */
export async function loadBackend(binary: string, share: boolean, load: () => Promise<void>): Promise<void> {
  const plain = new Uint8Array(await readFile(binary));
  const code = (share && canShare() && withSharedMemory(plain)) || plain;
  const { platform } = tf.env();
  const { fetch } = platform;
  platform.fetch = (path, ...rest) =>
    path === binary ? Promise.resolve(new Response(code)) : fetch.call(platform, path, ...rest);
  try {
    await load();
  } finally {
    platform.fetch = fetch;
  }
}
