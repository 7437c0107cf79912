/** Where the package tfjs-node-gpu (or tfjs-node) and its native addon are; nothing of them is loaded. */
import type { RungId } from '../../../shared/config.ts';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { EngineUnavailable } from '../engine.ts';
import { findNativeBinding } from '../native/place.ts';
import { packageFolder } from '../packages.ts';

const require = createRequire(import.meta.url);

export interface Addon {
  /** The package. */
  name: string;
  folder: string;
  /** The addon, a file of its own or in the package. */
  path: string;
}

export const REMEDY = 'npm run native (builds the addon against an installed TensorFlow)';

/** Throws ENGINE_UNAVAILABLE for `rung` where package or addon is missing. */
export function findAddon(rung: RungId): Addon {
  const { name, folder } = findPackage(rung);
  const path = findBinding(folder);
  if (!path)
    throw new EngineUnavailable(rung, 'missing', `${name} is installed without its native addon`, {
      remedy: REMEDY,
    });
  return { name, folder, path };
}

/** Folder of the installed package: the GPU one first, it serves the CPU as well. */
function findPackage(rung: RungId): { name: string; folder: string } {
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      return { name, folder: packageFolder(name) };
    } catch {
      // not installed
    }
  }
  throw new EngineUnavailable(rung, 'missing', '@tensorflow/tfjs-node-gpu is not installed', {
    remedy: 'npm install --include=optional',
  });
}

/** The addon: the one built here first, then the package's own download. */
function findBinding(folder: string): string | undefined {
  const { version } = require(join(folder, 'package.json')) as { version: string };
  const built = findNativeBinding(version);
  if (built) return built;
  const lib = join(folder, 'lib');
  if (!existsSync(lib)) return undefined;
  return readdirSync(lib)
    .sort()
    .reverse()
    .map((version) => join(lib, version, 'tfjs_binding.node'))
    .find(existsSync);
}
