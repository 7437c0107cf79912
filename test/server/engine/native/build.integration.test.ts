import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addonPackage, buildAddon, removeAddon } from '../../../../server/engine/native/build.ts';
import { nativeBinding } from '../../../../server/engine/native/place.ts';

let cache: string;
let place: string;
const { PATH, CXX } = process.env;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'native-'));
  process.env.VANILLASCOPE_CACHE = cache;
  place = nativeBinding(addonPackage().version);
});
afterEach(() => {
  rmSync(cache, { recursive: true });
  Object.assign(process.env, { PATH });
  if (CXX === undefined) delete process.env.CXX;
});

/** A folder that looks like libtensorflow and holds nothing. */
function hollow(): string {
  const folder = join(cache, 'hollow');
  for (const name of ['include/tensorflow/c/eager/c_api.h', 'lib/libtensorflow.so']) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  }
  return folder;
}

test('a missing compiler is named with the command that brings it', async () => {
  delete process.env.CXX;
  process.env.PATH = cache;
  await expect(buildAddon({ directory: hollow() }, () => undefined)).rejects.toThrow(
    /no C\+\+ compiler \(tried g\+\+, c\+\+, clang\+\+\); this brings it: /,
  );
});

test('a build that fails tells the error and leaves what was there', async () => {
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, 'the one before');
  await expect(buildAddon({ directory: hollow() }, () => undefined)).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringMatching(/failed: .*error/),
  });
  expect(readFileSync(place, 'utf8')).toBe('the one before');
  expect(existsSync(`${place}.new`)).toBe(false);
});

test('an addon is taken away once, and then there is none', () => {
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, 'an addon');
  expect(removeAddon()).toBe(true);
  expect(existsSync(place)).toBe(false);
  expect(removeAddon()).toBe(false);
});
