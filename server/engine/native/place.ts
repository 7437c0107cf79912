/** Where the TensorFlow addon built by `npm run native` lies: in the cache folder, so that it survives `npm ci`.
 * It speaks N-API, so that one file serves every version of Node. */
import envPaths from 'env-paths';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the addon: below `VANILLASCOPE_CACHE`, or the user's cache folder. */
export function nativeFolder(): string {
  const cache = process.env.VANILLASCOPE_CACHE ?? envPaths('vanillascope', { suffix: '' }).cache;
  return join(cache, 'native', `${process.platform}-${process.arch}`);
}

/** The addon's path for one version of the package whose JavaScript it serves. */
export function nativeBinding(packageVersion: string): string {
  return join(nativeFolder(), `tfjs_binding-${packageVersion}.node`);
}

/** The addon's path, or undefined where none was built. */
export function findNativeBinding(packageVersion: string): string | undefined {
  const path = nativeBinding(packageVersion);
  return existsSync(path) ? path : undefined;
}
