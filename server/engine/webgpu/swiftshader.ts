/** SwiftShader, the software Vulkan driver inside every Chromium: WebGPU on a machine without a GPU. */
import { existsSync, readdirSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Words for adapters that compute on the processor. */
export const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render|warp/i;

/** Folders below `root` whose name starts with `prefix`, newest name first. */
function versions(root: string, prefix: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => name.startsWith(prefix))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(root, name));
}

/** Places where Chromium, Chrome, Edge and Playwright keep the driver's manifest on Linux. */
function candidates(): string[] {
  const playwright = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), '.cache', 'ms-playwright');
  const folders = [
    '/usr/lib/chromium',
    '/usr/lib/chromium-browser',
    '/usr/lib64/chromium-browser',
    '/opt/google/chrome',
    '/opt/microsoft/msedge',
    ...versions(playwright, 'chromium').flatMap((folder) => versions(folder, 'chrome-')),
  ];
  return folders.map((folder) => join(folder, 'vk_swiftshader_icd.json'));
}

/** The manifest of an installed SwiftShader, or undefined; `VK_ICD_FILENAMES` naming one goes first. */
export function findSwiftShader(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const named = (process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? '').split(':');
  return [...named.filter((path) => path.includes('swiftshader')), ...candidates()].find(existsSync);
}

/** Chromium's own Vulkan loader beside the driver, mapped before Dawn asks for `libvulkan.so.1`, so that it is found
 * where the system has none: glibc takes a library already loaded under that name. */
export function preloadVulkanBeside(manifest: string): void {
  const loader = join(dirname(manifest), 'libvulkan.so.1');
  if (process.platform !== 'linux' || !existsSync(loader)) return;
  const RTLD_NODELETE = 0x1000; // stays mapped although Node closes what is no addon
  try {
    process.dlopen({ exports: {} }, loader, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch {
    // 'did not self-register' is expected: the library is no addon, but it is mapped now.
  }
}
