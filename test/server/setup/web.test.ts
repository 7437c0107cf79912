import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprint, readRecord } from '../../../server/setup/fingerprint.mjs';
import { buildReason } from '../../../server/setup/web.mjs';

let root: string;
const put = (path: string, text: string): void => writeFileSync(join(root, path), text);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'web-'));
  for (const folder of ['web/src', 'web/build', 'web/.svelte-kit', 'shared', 'server'])
    mkdirSync(join(root, folder), { recursive: true });
  put('web/src/page.svelte', '<p>1</p>');
  put('shared/frame.ts', 'export {}');
  put('package-lock.json', '{}');
});
afterEach(() => rmSync(root, { recursive: true }));

test('a fingerprint changes with a content, a name and a place, and with nothing else', () => {
  const before = fingerprint(root, ['web', 'shared']);
  expect(fingerprint(root, ['web', 'shared'])).toBe(before);
  put('server/main.ts', 'elsewhere');
  put('web/.svelte-kit/made.js', 'made');
  put('web/build/index.html', 'made');
  expect(fingerprint(root, ['web', 'shared', 'missing'])).toBe(before);
  const seen = new Set([before]);
  put('shared/frame.ts', 'export { }');
  seen.add(fingerprint(root, ['web', 'shared']));
  put('web/src/other.svelte', '');
  seen.add(fingerprint(root, ['web', 'shared']));
  rmSync(join(root, 'web/src/other.svelte'));
  put('web/src/another.svelte', '');
  seen.add(fingerprint(root, ['web', 'shared']));
  expect(seen.size).toBe(4);
});

test('the dashboard is stale until it is built, and again when what it is made of changes', () => {
  const sources = (): string => fingerprint(root, ['web', 'shared', 'package-lock.json']);
  expect(buildReason(root)).toBe('not built yet');
  put('web/build/index.html', '<html>');
  expect(buildReason(root)).toBe('its sources changed'); // built by hand: from what, nobody knows
  put('web/build/.vanillascope.json', JSON.stringify({ sources: sources() }));
  expect(buildReason(root)).toBeNull();
  put('server/main.ts', 'the server is no part of it');
  expect(buildReason(root)).toBeNull();
  put('shared/frame.ts', 'changed');
  expect(buildReason(root)).toBe('its sources changed');
});

test('a record that is damaged counts as none', () => {
  put('record.json', '{"half":');
  expect(readRecord(join(root, 'record.json'))).toEqual({});
  put('record.json', 'null');
  expect(readRecord(join(root, 'record.json'))).toEqual({});
});
