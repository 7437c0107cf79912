/** The GPU that Dawn (npm `webgpu`) finds: any with Vulkan, Metal or Direct3D 12. Nothing of tfjs is loaded. */
import { EngineUnavailable, shortMessage, type EngineOptions } from '../engine.ts';
import { findSwiftShader, preloadVulkanBeside, SOFTWARE } from './swiftshader.ts';

export interface Found {
  adapter: GPUAdapter;
  /** In a person's words. */
  device: string;
  /** To be kept: adapters live as long as the instance that made them, and Dawn ends it when it is collected. */
  instance: GPU;
}

const BY_NAME = 'ask for it by name to use it all the same: --backend webgpu';

/** The adapter to train on. Throws ENGINE_UNAVAILABLE where there is none, or none but software that nobody asked for. */
export async function findAdapter({ allowSoftware }: EngineOptions): Promise<Found> {
  const { create, globals } = await import('webgpu').catch((cause: unknown) => {
    throw new EngineUnavailable('webgpu', 'missing', `Dawn does not load: ${shortMessage(cause)}`, {
      remedy: 'npm install webgpu, on Linux (x64, arm64), macOS or Windows',
      cause,
    });
  });
  Object.assign(globalThis, globals);
  const { instance, adapter } = await bestAdapter(create);
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
  return { adapter, device, instance };
}

type Create = (options: string[]) => GPU;

async function requestAdapter(create: Create): Promise<{ instance: GPU; adapter: GPUAdapter | null }> {
  const instance = create([]);
  return { instance, adapter: await instance.requestAdapter({ powerPreference: 'high-performance' }) };
}

/** Hardware where there is any, else SwiftShader out of an installed Chromium. */
async function bestAdapter(create: Create): ReturnType<typeof requestAdapter> {
  const configured = Boolean(process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES);
  const manifest = findSwiftShader();
  if (configured && manifest) preloadVulkanBeside(manifest);
  const found = await requestAdapter(create);
  if (found.adapter || configured || !manifest) return found;
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
