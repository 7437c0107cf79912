/** Fingerprints of files: has anything changed since this was made? */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Folders that are made, not written. */
const MADE = new Set(['node_modules', 'build', '.svelte-kit']);

/** Every file at or below a path, in a fixed order; nothing where the path is missing.
 * @param {string} path
 * @returns {string[]} */
function filesBelow(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !MADE.has(name))
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

/** SHA-256 of names and contents of all files at or below some paths.
 * @param {string} root the paths are relative to it
 * @param {readonly string[]} paths files or folders; one that is missing counts as empty
 * @returns {string} */
export function fingerprint(root, paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    for (const file of filesBelow(join(root, path))) {
      const bytes = readFileSync(file);
      hash.update(`${relative(root, file).replaceAll('\\', '/')}\0${bytes.length}\0`).update(bytes);
    }
  return hash.digest('hex');
}

/** A small JSON file, or an empty object where there is none or it can't be read.
 * @param {string} path
 * @returns {Record<string, unknown>} */
export function readRecord(path) {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8'));
    return value !== null && typeof value === 'object' ? value : {};
  } catch {
    return {};
  }
}
