/** Building the dashboard: only when something it is made of has changed. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm, SetupError } from './command.mjs';
import { fingerprint, readRecord } from './fingerprint.mjs';

const BUILD = 'web/build';
const RECORD = `${BUILD}/.vanillascope.json`;
/** What the dashboard is made of: its folder with its configuration, what it shares with the server, the packages. */
const SOURCES = ['web', 'shared', 'package-lock.json'];

/** Why the dashboard must be built, or null where it is up to date.
 * @param {string} root
 * @returns {string | null} */
export function buildReason(root) {
  if (!existsSync(join(root, BUILD, 'index.html'))) return 'not built yet';
  return readRecord(join(root, RECORD)).sources === fingerprint(root, SOURCES) ? null : 'its sources changed';
}

/** Builds the dashboard where it is stale; throws SetupError with the builder's words where that fails.
 * @param {string} root
 * @param {(text: string) => void} say */
export async function buildWeb(root, say) {
  const reason = buildReason(root);
  if (reason === null) return;
  say(`building the dashboard (${reason}) …`);
  const start = performance.now();
  const sources = fingerprint(root, SOURCES); // before, in case something changes meanwhile
  const { code, output } = await runNpm(['run', '--silent', 'build'], { cwd: root });
  if (code !== 0)
    throw new SetupError(`the dashboard can't be built:\n${output.trim().split('\n').slice(-30).join('\n')}`);
  writeFileSync(join(root, RECORD), `${JSON.stringify({ sources })}\n`);
  say(`dashboard built in ${Math.round((performance.now() - start) / 1000)} s`);
}
