import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installReason, missingPackage, npmReason } from '../../../server/setup/install.mjs';

describe('missingPackage', () => {
  const wanted = {
    '': { version: '0.1.0' },
    'node_modules/tsx': { version: '4.0.0' },
    'node_modules/a/node_modules/b': { version: '1.0.0' },
    'node_modules/optional': { version: '1.0.0', optional: true },
    'node_modules/tool': { version: '2.0.0', devOptional: true },
  };

  test('is null where all packages are there, optional ones or not', () => {
    expect(
      missingPackage(wanted, {
        'node_modules/tsx': { version: '4.0.0' },
        'node_modules/a/node_modules/b': { version: '1.0.0' },
      }),
    ).toBeNull();
  });

  test('names the first that is missing or of another version', () => {
    expect(missingPackage(wanted, { 'node_modules/tsx': { version: '3.9.0' } })).toBe('tsx 4.0.0');
    expect(missingPackage(wanted, { 'node_modules/tsx': { version: '4.0.0' } })).toBe('b 1.0.0');
  });
});

describe('installReason', () => {
  let root: string;
  const put = (path: string, value: unknown): void => writeFileSync(join(root, path), JSON.stringify(value));
  const lock = (version: string) => ({ packages: { 'node_modules/tsx': { version } } });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'install-'));
    put('package-lock.json', lock('4.0.0'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('tells of a clone without packages and of an installation that broke off', () => {
    expect(installReason(root)).toMatch(/nothing is installed/);
    mkdirSync(join(root, 'node_modules'));
    expect(installReason(root)).toMatch(/not finished/);
  });

  test('takes an installation made by hand and remembers it', () => {
    mkdirSync(join(root, 'node_modules'));
    put('node_modules/.package-lock.json', lock('4.0.0'));
    expect(installReason(root)).toBeNull();
    put('node_modules/.package-lock.json', {}); // not looked at again
    expect(installReason(root)).toBeNull();
  });

  test('tells of a lock that asks for another version', () => {
    mkdirSync(join(root, 'node_modules'));
    put('node_modules/.package-lock.json', lock('4.0.0'));
    expect(installReason(root)).toBeNull();
    put('package-lock.json', lock('4.1.0'));
    expect(installReason(root)).toBe('tsx 4.1.0 is missing');
  });

  test('tells of packages that were installed for another kind of machine', () => {
    mkdirSync(join(root, 'node_modules'));
    put('node_modules/.package-lock.json', lock('4.0.0'));
    installReason(root);
    const record = JSON.parse(readFileSync(join(root, 'node_modules/.vanillascope.json'), 'utf8'));
    put('node_modules/.vanillascope.json', { ...record, platform: 'plan9-mips' });
    expect(installReason(root)).toMatch(/is for plan9-mips/);
  });
});

test('what npm prints is told plainly, and in its own words where it is not known', () => {
  expect(npmReason('npm error code ENOTFOUND\nnpm error network request to https://registry…')).toMatch(
    /no network/,
  );
  expect(npmReason('npm error code EACCES\nnpm error syscall mkdir')).toMatch(/may not write/);
  expect(npmReason('npm error code ENOSPC')).toMatch(/disk is full/);
  expect(npmReason('npm error code EUSAGE\n`npm ci` can only install…')).toMatch(/npm install/);
  expect(npmReason('something new')).toBe('npm says:\nsomething new');
});
