import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHouse, type House } from './helper.ts';

let house: House;
let build: string;

beforeAll(async () => {
  build = join(mkdtempSync(join(tmpdir(), 'vanillascope-build-')), 'build');
  house = await createHouse({ build });
});
afterAll(async () => {
  await house.close();
  rmSync(join(build, '..'), { recursive: true });
});

test('a dashboard that is not built yet says how to build it, and is found once it is', async () => {
  const before = await house.app.inject({ url: '/' });
  expect(before.statusCode).toBe(503);
  expect(before.body).toContain('npm run build');
  mkdirSync(join(build, '_app/immutable'), { recursive: true });
  writeFileSync(join(build, 'index.html'), '<p>the dashboard</p>');
  writeFileSync(join(build, '_app/immutable/start.js'), 'export {}');
  writeFileSync(join(build, 'favicon.svg'), '<svg/>');
  writeFileSync(join(build, '..', 'secret.txt'), 'secret');
  expect((await house.app.inject({ url: '/' })).body).toContain('the dashboard');
});

test('any address of the application gives its page, never kept by the browser', async () => {
  const page = await house.app.inject({ url: '/runs/20261124-081500-emoji-small-ab12?epoch=3' });
  expect(page.headers).toMatchObject({ 'cache-control': 'no-cache' });
  expect(page.headers['content-type']).toContain('text/html');
  expect(page.body).toContain('the dashboard');
});

test('files are sent with their type, hashed ones to be kept for good, missing ones as 404', async () => {
  const script = await house.app.inject({ url: '/_app/immutable/start.js' });
  expect(script.headers['content-type']).toContain('javascript');
  expect(script.headers['cache-control']).toContain('immutable');
  expect((await house.app.inject({ url: '/_app/immutable/gone.js' })).statusCode).toBe(404);
  const icon = await house.app.inject({ url: '/favicon.svg' });
  expect(icon.headers).toMatchObject({
    'content-type': 'image/svg+xml',
    'cache-control': 'public, max-age=86400',
  });
});

test.each([
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/_app/../../secret.txt',
  '/%00.txt',
  '/%',
])('no address leads out of the folder: %s', async (url) => {
  const { body, statusCode } = await house.app.inject({ url });
  expect(body).not.toBe('secret');
  expect(statusCode).toBeLessThan(500);
});

test('a foreign Host or Origin gets 403 from pages and interface alike', async () => {
  for (const url of ['/', '/api/runs', '/api/docs/', '/nowhere']) {
    const host = await house.app.inject({ url, headers: { host: 'evil.example' } });
    expect(host.statusCode).toBe(403);
    expect(host.json()).toMatchObject({ code: 'FORBIDDEN' });
    const origin = await house.app.inject({ url, headers: { origin: 'http://evil.example' } });
    expect(origin.statusCode).toBe(403);
  }
});

test.each(['//', '///', '//elsewhere/x', '/?a=//', '/%00.js'])(
  'whatever the address, a page is the answer: %s',
  async (url) => {
    mkdirSync(build, { recursive: true });
    writeFileSync(join(build, 'index.html'), 'the page');
    const reply = await house.app.inject({ url: `http://127.0.0.1${url}` });
    expect({ status: reply.statusCode, body: reply.body }).toEqual({ status: 200, body: 'the page' });
  },
);

test('the interface has no page of its own', async () => {
  for (const url of ['/api', '/api/', '/api?x'])
    expect(await house.ask('GET', url)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
});
