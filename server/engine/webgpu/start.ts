/** WebGPU through Dawn (npm `webgpu`): any GPU with Vulkan, Metal or Direct3D 12. */
import * as tf from '@tensorflow/tfjs-core';
import { packageVersion, useBackend } from '../backend.ts';
import { EngineUnavailable, shortMessage, type Engine, type EngineOptions } from '../engine.ts';
import { ScopeError } from '../../../shared/errors.ts';
import { provideOps } from '../../nn/ops.ts';
import type { Backend } from './kernel.ts';
import { webgpuOps } from './ops.ts';
import { findSwiftShader, preloadVulkanBeside, SOFTWARE } from './swiftshader.ts';
import { replaceUploads } from './uploads.ts';

const BY_NAME = 'ask for it by name to use it all the same: --backend webgpu';

/** The limits that tfjs's kernels grow into; the defaults of WebGPU are far below what devices offer. */
const LIMITS = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** Adapters live as long as the instance that made them, and Dawn ends it when it is collected: kept here. */
let instance: GPU | undefined;

async function requestAdapter(create: (options: string[]) => GPU): Promise<GPUAdapter | null> {
  instance = create([]);
  return instance.requestAdapter({ powerPreference: 'high-performance' });
}

/** The best adapter: hardware where there is any, else SwiftShader out of an installed Chromium. */
async function findAdapter(create: (options: string[]) => GPU): Promise<GPUAdapter | null> {
  const configured = Boolean(process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES);
  const manifest = findSwiftShader();
  if (configured && manifest) preloadVulkanBeside(manifest);
  const adapter = await requestAdapter(create);
  if (adapter || configured || !manifest) return adapter;
  process.env.VK_ICD_FILENAMES = manifest;
  preloadVulkanBeside(manifest);
  return requestAdapter(create);
}

function describe(info: GPUAdapterInfo): string {
  const words = [info.vendor, info.architecture, info.device, info.description].filter(
    (word) => word.length > 0,
  );
  return words.filter((word, i) => words.indexOf(word) === i).join(' ');
}

export async function startWebgpu({ allowSoftware }: EngineOptions): Promise<Engine> {
  const { create, globals } = await import('webgpu').catch((cause: unknown) => {
    throw new EngineUnavailable('webgpu', 'missing', `Dawn does not load: ${shortMessage(cause)}`, {
      remedy: 'npm install webgpu, on Linux (x64, arm64), macOS or Windows',
      cause,
    });
  });
  Object.assign(globalThis, globals);
  const adapter = await findAdapter(create);
  if (!adapter)
    throw new EngineUnavailable(
      'webgpu',
      'missing',
      'no WebGPU adapter: no GPU with Vulkan, Metal or Direct3D 12',
      {
        remedy:
          process.platform === 'linux' ? 'install the GPU driver with its Vulkan part, and libvulkan1' : '',
      },
    );
  const device = describe(adapter.info);
  if (!allowSoftware && (adapter.info.isFallbackAdapter || SOFTWARE.test(device)))
    throw new EngineUnavailable('webgpu', 'software', 'a software adapter, slower than wasm', {
      remedy: BY_NAME,
      device,
    });

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
