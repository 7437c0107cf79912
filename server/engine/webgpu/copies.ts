/** Tensors joined to a vector and parted again, by copies between buffers: tfjs runs a program for each part. */
import * as tf from '@tensorflow/tfjs-core';
import type { Backend } from './kernel.ts';

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** The buffer of a float32 tensor, which stays its own until the commands recorded so far are submitted. */
function bufferOf(backend: Backend, { dataId }: tf.TensorInfo): GPUBuffer {
  backend.uploadToGPU(dataId);
  backend.commandQueueOwnedIds.add(dataId);
  return backend.tensorMap.get(dataId).resource as GPUBuffer;
}

/** Copies between `whole` and `parts`, which stand in it end to end. */
function copy(whole: tf.TensorInfo, parts: readonly tf.TensorInfo[], direction: 'join' | 'part'): void {
  const backend = tf.backend() as Backend;
  // Values that come from outside are uploaded first, which may record commands too.
  const buffers = parts.map((part) => bufferOf(backend, part));
  const all = bufferOf(backend, whole);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  let at = 0;
  parts.forEach(({ shape }, i) => {
    const bytes = BYTES * tf.util.sizeFromShape(shape);
    if (direction === 'join') backend.commandEncoder!.copyBufferToBuffer(buffers[i]!, 0, all, at, bytes);
    else backend.commandEncoder!.copyBufferToBuffer(all, at, buffers[i]!, 0, bytes);
    at += bytes;
  });
}

const JOINED = 'ScopeJoined';
const PARTED = 'ScopeParted';

tf.registerKernel({
  kernelName: JOINED,
  backendName: 'webgpu',
  kernelFunc: ({ inputs, backend }) => {
    const parts = Object.values(inputs) as tf.TensorInfo[];
    const length = parts.reduce((sum, { shape }) => sum + tf.util.sizeFromShape(shape), 0);
    const whole = (backend as Backend).makeTensorInfo([length], 'float32');
    copy(whole, parts, 'join');
    return whole;
  },
});

tf.registerKernel({
  kernelName: PARTED,
  backendName: 'webgpu',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { shapes } = attrs as unknown as { shapes: readonly (readonly number[])[] };
    const parts = shapes.map((shape) => (backend as Backend).makeTensorInfo(shape, 'float32'));
    copy(inputs.vector as tf.TensorInfo, parts, 'part');
    return parts;
  },
});

/** See Ops.joined. */
export function joined(parts: readonly tf.Tensor[]): tf.Tensor1D {
  const named = Object.fromEntries(parts.map((part, i) => [`part${i}`, part]));
  return tf.engine().runKernel<tf.Tensor1D>(JOINED, named);
}

/** See Ops.parted. */
export function parted(vector: tf.Tensor1D, shapes: readonly (readonly number[])[]): tf.Tensor[] {
  return tf.engine().runKernel<tf.Tensor[]>(PARTED, { vector }, { shapes } as unknown as tf.NamedAttrMap);
}
