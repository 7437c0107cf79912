/** Values that come from outside, such as a batch of images, written through the queue's own ring of memory: tfjs makes a
 * new mapped buffer for each, which takes longer than a whole step's commands. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Backend } from './kernel.ts';

/** Bytes at a time: what is larger than Dawn's ring gets memory of its own, made anew every time. */
const CHUNK = 2 ** 20;

/** The values as the device has them; undefined for types that tfjs treats in another way. */
function deviceValues(dtype: tf.DataType, values: ArrayLike<number>): Float32Array | Int32Array | undefined {
  if (dtype === 'float32') return values instanceof Float32Array ? values : Float32Array.from(values);
  if (dtype === 'int32' || dtype === 'bool')
    return values instanceof Int32Array ? values : Int32Array.from(values);
  return undefined;
}

/** Makes the backend upload so. */
export function replaceUploads(backend: Backend): void {
  const original = backend.uploadToGPU.bind(backend);
  backend.uploadToGPU = (dataId) => {
    const data = backend.tensorMap.get(dataId);
    const known = data.resource == null && data.values != null;
    const values = known ? deviceValues(data.dtype, data.values as ArrayLike<number>) : undefined;
    if (!values || values.length === 0) return original(dataId);
    const { byteLength, byteOffset } = values;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    // A buffer comes back to the pool once all commands that read it are submitted: the queue keeps the order.
    const buffer = backend.bufferManager.acquireBuffer(byteLength, usage);
    for (let at = 0; at < byteLength; at += CHUNK) {
      const bytes = Math.min(CHUNK, byteLength - at);
      backend.device.queue.writeBuffer(buffer, at, values.buffer, byteOffset + at, bytes);
    }
    data.resource = buffer;
    data.values = null; // as tfjs leaves it
  };
}
