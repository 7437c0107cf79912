/** Where rendered, downloaded and built things are kept between runs and installations. Plain JavaScript, since set-up
 * reads it too; import it only once the dependencies are installed. */
import envPaths from 'env-paths';
import { join } from 'node:path';

/** VANILLASCOPE_CACHE, or the system's place for caches. */
export function cacheFolder() {
  return process.env['VANILLASCOPE_CACHE'] || envPaths('vanillascope', { suffix: '' }).cache;
}

/** The folder of the TensorFlow addon that `npm run native` builds: in the cache, so that it survives `npm ci`. */
export function nativeFolder() {
  return join(cacheFolder(), 'native', `${process.platform}-${process.arch}`);
}

/** Counts up where the addon is built from other code of ours: an earlier one is not taken any more. */
const BUILD = 4;

/** The addon's path for one version of the package whose JavaScript it serves. It speaks N-API, so that one file serves
 * every version of Node.
 * @param {string} packageVersion */
export function nativeBinding(packageVersion) {
  return join(nativeFolder(), `tfjs_binding-${packageVersion}-${BUILD}.node`);
}
