/** Where the TensorFlow addon built by `npm run native` lies. */
import { existsSync } from 'node:fs';
import { nativeBinding } from '../../cache.mjs';

export { nativeBinding, nativeFolder } from '../../cache.mjs';

/** The addon's path, or undefined where none was built. */
export function findNativeBinding(packageVersion: string): string | undefined {
  const path = nativeBinding(packageVersion);
  return existsSync(path) ? path : undefined;
}
