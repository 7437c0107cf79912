/** Whether it is worth asking for a GPU before anything else. */
import { readdirSync } from 'node:fs';

/** Device nodes through which Linux drivers are reached: NVIDIA's (desktop, Tegra, WSL's), AMD's for computing, the kernel's
 * for all that draw, and two of phones and boards. */
const NODES = /^(nvidia|nvhost|nvmap|dxg|kfd|dri|mali|kgsl)/;

/** False only on Linux where no driver of a GPU has a node in `folder`: then no library can reach one. Elsewhere that is
 * not known without asking, and true. */
export function mayHaveGpu(platform: NodeJS.Platform = process.platform, folder = '/dev'): boolean {
  if (platform !== 'linux') return true;
  try {
    return readdirSync(folder).some((name) => NODES.test(name));
  } catch {
    return true;
  }
}
