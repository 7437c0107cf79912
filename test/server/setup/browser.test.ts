import { expect, test } from 'vitest';
import { browserCommand, findBrowser } from '../../../server/setup/browser.mjs';

type Machine = Parameters<typeof findBrowser>[0];

/** A machine on which exactly these files exist. */
function machine(platform: NodeJS.Platform, files: string[], more: Partial<Machine> = {}): Machine {
  const env =
    platform === 'win32' ? { Path: 'C:\\bin', PROGRAMFILES: 'C:\\Program Files' } : { PATH: '/bin:/opt/x' };
  return {
    platform,
    env,
    home: '/home/me',
    exists: (path) => files.includes(path),
    works: () => true,
    ...more,
  };
}

test('the browser named by VANILLASCOPE_BROWSER is taken before any other', () => {
  const env = { PATH: '/bin', VANILLASCOPE_BROWSER: '/my/chrome' };
  expect(findBrowser(machine('linux', ['/bin/chromium', '/my/chrome'], { env }))).toBe('/my/chrome');
  expect(() => findBrowser(machine('linux', ['/bin/chromium'], { env }))).toThrow(
    /VANILLASCOPE_BROWSER is \/my\/chrome, but there is no such file/,
  );
});

test('a browser is found on the PATH, Chromium before Chrome before Edge', () => {
  const files = ['/bin/microsoft-edge', '/bin/google-chrome', '/bin/chromium'];
  expect(findBrowser(machine('linux', files))).toBe('/bin/chromium');
  expect(findBrowser(machine('linux', files.slice(0, 2)))).toBe('/bin/google-chrome');
  expect(findBrowser(machine('linux', files.slice(0, 1)))).toBe('/bin/microsoft-edge');
});

test('a browser is found in the usual places of each system', () => {
  for (const [platform, path] of [
    ['linux', '/opt/google/chrome/chrome'],
    ['linux', '/snap/bin/chromium'],
    ['darwin', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
    ['darwin', '/home/me/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge'],
    ['win32', 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'],
    ['win32', 'C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe'],
    ['win32', 'C:\\bin\\chrome.exe'],
  ] as const)
    expect(findBrowser(machine(platform, [path]))).toBe(path);
});

test('a stand-in that does not answer is passed over', () => {
  const files = ['/bin/chromium-browser', '/snap/bin/chromium'];
  const works = (path: string): boolean => path !== '/bin/chromium-browser';
  expect(findBrowser(machine('linux', files, { works }))).toBe('/snap/bin/chromium');
  expect(findBrowser(machine('linux', files, { works: () => false }))).toBeNull();
});

test('the command to type fits the machine', () => {
  expect(browserCommand(machine('linux', ['/etc/debian_version']))).toMatch(/apt-get install -y chromium/);
  expect(browserCommand(machine('linux', []))).toMatch(/playwright-core install --with-deps chromium/);
  expect(browserCommand(machine('darwin', []))).toBe('npx playwright-core install chromium');
});
