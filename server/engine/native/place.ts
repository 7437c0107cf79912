/** Where the TensorFlow addon built by `npm run native` lies: in the cache folder, so that it survives `npm ci`.
 * It speaks N-API, so that one file serves every version of Node. */
import envPaths from 'env-paths';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** `VANILLASCOPE_CACHE`, or the user's cache folder. */
function cacheFolder(): string {
  return process.env.VANILLASCOPE_CACHE ?? envPaths('vanillascope').cache;
}

export function nativeFolder(): string {
  return join(cacheFolder(), 'native', `${process.platform}-${process.arch}`);
}

export function nativeBinding(): string {
  return join(nativeFolder(), 'tfjs_binding.node');
}

/** The addon's path, or undefined where none was built. */
export function findNativeBinding(): string | undefined {
  const path = nativeBinding();
  return existsSync(path) ? path : undefined;
}
