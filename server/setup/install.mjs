/** Installing the packages: only when they are missing or not those of package-lock.json. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm, SetupError } from './command.mjs';
import { fingerprint, readRecord } from './fingerprint.mjs';

/** What set-up remembers about an installation.
 * @param {string} root */
export const recordPath = (root) => join(root, 'node_modules/.vanillascope.json');

/** Adds to what set-up remembers.
 * @param {string} root
 * @param {Record<string, unknown>} entries */
export function remember(root, entries) {
  const path = recordPath(root);
  try {
    writeFileSync(path, `${JSON.stringify({ ...readRecord(path), ...entries }, null, 2)}\n`);
  } catch {
    // a folder that may not be written: it is looked at anew each time
  }
}

/** @typedef {Record<string, { version?: string, optional?: boolean, devOptional?: boolean, link?: boolean }>} Packages */

/** The first package of the lock that is not installed in that version, or null; optional ones may be missing. npm
 * writes the list of what it installed when it has finished, so that half an installation has none.
 * @param {Packages} wanted of package-lock.json
 * @param {Packages} installed of node_modules/.package-lock.json
 * @returns {string | null} */
export function missingPackage(wanted, installed) {
  for (const [path, { version, optional, devOptional, link }] of Object.entries(wanted)) {
    if (path === '' || optional || devOptional || link) continue;
    if (installed[path]?.version !== version) return `${path.replace(/^.*node_modules\//, '')} ${version}`;
  }
  return null;
}

const PLATFORM = `${process.platform}-${process.arch}`;

/** Why packages must be installed, or null where they are there.
 * @param {string} root
 * @returns {string | null} */
export function installReason(root) {
  if (!existsSync(join(root, 'node_modules'))) return 'nothing is installed yet';
  const lock = fingerprint(root, ['package-lock.json']);
  const record = readRecord(recordPath(root));
  if (record.platform !== undefined && record.platform !== PLATFORM)
    return `what is installed is for ${record.platform}`;
  if (record.lock === lock) return null;
  const packages = (/** @type {string} */ path) =>
    /** @type {Packages | undefined} */ (readRecord(join(root, path)).packages);
  const installed = packages('node_modules/.package-lock.json');
  if (!installed) return 'an installation was not finished';
  const missing = missingPackage(packages('package-lock.json') ?? {}, installed);
  if (missing !== null) return `${missing} is missing`;
  remember(root, { lock, platform: PLATFORM }); // installed by hand
  return null;
}

const NO_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED/;

/** What npm's output means for a person.
 * @type {readonly (readonly [pattern: RegExp, meaning: string])[]} */
const MEANINGS = [
  [
    NO_NETWORK,
    'no network: the npm registry can’t be reached. Connect, or set a proxy or mirror ' +
      '(npm config set proxy URL, npm config set registry URL), then try again',
  ],
  [/\b(EACCES|EPERM|EROFS)\b/, 'npm may not write here: give your user the folder, then try again'],
  [/\bENOSPC\b/, 'the disk is full'],
  [
    /package-lock\.json.*(in sync|not in sync)|EUSAGE/,
    'package.json and package-lock.json disagree: run npm install',
  ],
];

/** The plain reason in what npm printed, or its last lines.
 * @param {string} output
 * @returns {string} */
export function npmReason(output) {
  const found = MEANINGS.find(([pattern]) => pattern.test(output));
  const last = output.trim().split('\n').slice(-12).join('\n');
  return found ? found[1] : `npm says:\n${last}`;
}

/** Whether the registry can't be reached; a single question, where an installation would try for minutes.
 * @param {string} root */
async function isOffline(root) {
  const { code, timedOut, output } = await runNpm(['ping', '--fetch-retries=0'], {
    cwd: root,
    limitMs: 20_000,
  });
  return timedOut || (code !== 0 && NO_NETWORK.test(output));
}

/** Installs what is missing; throws SetupError with a plain reason where that fails.
 * @param {string} root
 * @param {(text: string) => void} say */
export async function install(root, say) {
  const reason = installReason(root);
  if (reason === null) return;
  const command = existsSync(join(root, 'package-lock.json')) ? 'ci' : 'install';
  say(`installing packages with npm ${command} (${reason}); this takes about half a minute …`);
  const start = performance.now();
  // Without a network npm's cache may hold everything.
  const source = (await isOffline(root)) ? '--offline' : '--prefer-offline';
  const { code, output } = await runNpm([command, '--no-fund', '--no-audit', source], { cwd: root });
  if (code !== 0) throw new SetupError(`the packages can't be installed: ${npmReason(output)}`);
  remember(root, { lock: fingerprint(root, ['package-lock.json']), platform: PLATFORM });
  say(`packages installed in ${Math.round((performance.now() - start) / 1000)} s`);
}
