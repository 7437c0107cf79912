/** A browser for the browser tests: an installed Chromium, Chrome or Edge, else one that is installed here. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { run, SetupError } from './command.mjs';

/** @typedef {{ platform: NodeJS.Platform, env: Record<string, string | undefined>, home: string,
 *   exists: (path: string) => boolean, works: (path: string) => boolean }} Machine */

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'microsoft-edge-stable',
  'msedge',
];

const MAC_APPS = ['Chromium', 'Google Chrome', 'Microsoft Edge'];
const WINDOWS_PROGRAMS = [
  ['Google', 'Chrome', 'Application', 'chrome.exe'],
  ['Chromium', 'Application', 'chrome.exe'],
  ['Microsoft', 'Edge', 'Application', 'msedge.exe'],
];
const LINUX_PLACES = [
  '/usr/bin/chromium',
  '/usr/lib/chromium/chromium',
  '/opt/google/chrome/chrome',
  '/opt/microsoft/msedge/msedge',
  '/snap/bin/chromium',
];

/** Everywhere a browser may be, best first.
 * @param {Machine} machine
 * @returns {string[]} */
function places({ platform, env, home }) {
  const windows = platform === 'win32';
  const { join, delimiter } = windows ? path.win32 : path.posix;
  const onPath = (env.PATH ?? env.Path ?? '')
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => NAMES.map((name) => join(folder, windows ? `${name}.exe` : name)));
  if (windows)
    return [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA]
      .flatMap((base) => (base ? WINDOWS_PROGRAMS.map((parts) => join(base, ...parts)) : []))
      .concat(onPath);
  if (platform === 'darwin')
    return onPath.concat(
      ['/Applications', join(home, 'Applications')].flatMap((base) =>
        MAC_APPS.map((app) => join(base, `${app}.app`, 'Contents/MacOS', app)),
      ),
    );
  return onPath.concat(LINUX_PLACES);
}

/** Path of an installed browser, or null; VANILLASCOPE_BROWSER names one. Throws SetupError where that is not there.
 * @param {Machine} machine
 * @returns {string | null} */
export function findBrowser(machine) {
  const named = machine.env.VANILLASCOPE_BROWSER;
  if (named) {
    if (machine.exists(named)) return named;
    throw new SetupError(`VANILLASCOPE_BROWSER is ${named}, but there is no such file`);
  }
  return places(machine).find((place) => machine.exists(place) && machine.works(place)) ?? null;
}

/** Ubuntu's `chromium-browser` may be a script that only speaks of a snap; asked for its version it fails. On Windows
 * a browser that is asked opens a window.
 * @param {string} place */
function answers(place) {
  if (process.platform !== 'linux') return true;
  return spawnSync(place, ['--version'], { timeout: 20_000 }).status === 0;
}

/** @returns {Machine} */
export function thisMachine() {
  const { platform, env } = process;
  return { platform, env, home: homedir(), exists: existsSync, works: answers };
}

/** The command that brings a browser to a machine, for a person to type.
 * @param {Machine} machine
 * @returns {string} */
export function browserCommand({ platform, exists }) {
  if (platform === 'linux' && exists('/etc/debian_version')) return 'sudo apt-get install -y chromium';
  if (platform === 'linux') return 'npx playwright-core install --with-deps chromium';
  return 'npx playwright-core install chromium';
}

/** Where playwright-core puts its own Chromium.
 * @returns {Promise<string>} */
async function playwrightBrowser() {
  const { chromium } = await import('playwright-core');
  return chromium.executablePath();
}

/** Path of a browser, installed if need be: as root on Debian by apt-get, else Playwright's. Throws SetupError with
 * the command to type where that fails.
 * @param {string} root
 * @param {(text: string) => void} say
 * @returns {Promise<string>} */
export async function provideBrowser(root, say) {
  const machine = thisMachine();
  const found = findBrowser(machine);
  if (found !== null) return found;
  const own = await playwrightBrowser();
  if (existsSync(own) && answers(own)) return own;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    say('no Chromium, Chrome or Edge found: installing Debian’s chromium …');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const updated = await run('apt-get', ['update', '-q'], { env });
    if (updated.code === 0) await run('apt-get', ['install', '-y', '-q', 'chromium'], { env });
    const installed = findBrowser(machine);
    if (installed !== null) return installed;
  }
  say('no Chromium, Chrome or Edge found: installing Playwright’s chromium …');
  await run(process.execPath, ['node_modules/playwright-core/cli.js', 'install', 'chromium'], {
    cwd: root,
    show: true,
  });
  if (existsSync(own) && answers(own)) return own;
  throw new SetupError(
    `the browser tests need Chromium, Chrome or Edge, and none could be installed. Type: ${browserCommand(machine)}\n` +
      'or name one: VANILLASCOPE_BROWSER=/path/to/chrome npm test',
  );
}
