/** tfjs's WebGPU backend on the adapter that was found. */
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../backend.ts';
import { shortMessage, type Engine } from '../engine.ts';
import { packageVersion } from '../packages.ts';
import { ScopeError } from '../../../shared/errors.ts';
import { provideOps } from '../../nn/ops.ts';
import type { Found } from './adapter.ts';
import type { Backend } from './kernel.ts';
import { webgpuOps } from './ops.ts';
import { replaceUploads } from './uploads.ts';

/** The limits that tfjs's kernels grow into; the defaults of WebGPU are far below what devices offer. */
const LIMITS = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

export async function startWebgpu({ adapter, device, instance }: Found): Promise<Engine> {
  const gpu = await adapter.requestDevice({
    requiredFeatures: (['timestamp-query', 'bgra8unorm-storage'] as const).filter((f) =>
      adapter.features.has(f),
    ),
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
  });
  // tfjs looks for navigator.gpu when it is loaded.
  if (!globalThis.navigator)
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(globalThis.navigator, 'gpu', { value: instance, configurable: true });
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  // Small operations must not wander to the CPU and back: values are read asynchronously only.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(gpu, adapter.info), 3);
  // Each submission costs as much as some kernels; more would keep what is not needed any more for longer.
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 32);
  await useBackend('webgpu');
  replaceUploads(tf.backend() as Backend);
  provideOps(webgpuOps);

  return {
    rung: 'webgpu',
    device,
    version: `${packageVersion('webgpu')}, ${packageVersion('@tensorflow/tfjs-backend-webgpu')}`,
    onFatal: (callback) => watch(gpu, callback),
  };
}

/** Invalid work (an oversized buffer reads as zeros, without an exception) and a lost device are fatal. */
function watch(gpu: GPUDevice, callback: (error: ScopeError) => void): void {
  gpu.addEventListener('uncapturederror', (event) => {
    const { error } = event as GPUUncapturedErrorEvent;
    const memory = /memory|allocat|larger than|exceeds|too large/i.test(error.message);
    callback(new ScopeError(memory ? 'OUT_OF_MEMORY' : 'INTERNAL', `WebGPU: ${shortMessage(error.message)}`));
  });
  void gpu.lost.then((info) => {
    if (info.reason !== 'destroyed')
      callback(new ScopeError('INTERNAL', `WebGPU device lost: ${info.message}`));
  });
}
