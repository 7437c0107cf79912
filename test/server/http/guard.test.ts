import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { createGuard } from '../../../server/http/guard.ts';

const local = createGuard('127.0.0.1');

test.each(['127.0.0.1:3000', 'localhost:3000', 'localhost', '[::1]:3000', 'LOCALHOST:80'])(
  'the loopback name %s may pass, with its own origin or none',
  (host) => {
    expect(local({ host })).toBeNull();
    expect(local({ host, origin: `http://${host}` })).toBeNull();
  },
);

test.each([
  undefined,
  '',
  'evil.example',
  'evil.example:3000',
  'localhost.evil.example',
  '127.0.0.1.nip.io',
  '10.0.0.7:3000',
])('the foreign host %s is refused', (host) => expect(local({ host })).toMatch(/Host/));

test.each(['evil@localhost', 'localhost:3000/x', 'localhost:x', 'a b', '[::1', 'localhost#'])(
  'the malformed host %s is refused',
  (host) => expect(local({ host })).toMatch(/not valid/),
);

test.each([
  'http://evil.example',
  'https://localhost.evil.example:3000',
  'http://localhost:5173',
  'http://127.0.0.1:3000',
  'null',
  '',
  'file://',
  'chrome-extension://abcdef',
])('the origin %s is refused at localhost:3000', (origin) => {
  expect(local({ host: 'localhost:3000', origin })).toMatch(/origin/);
});

test("a scheme's default port may be left out", () => {
  expect(local({ host: 'localhost:80', origin: 'http://localhost' })).toBeNull();
  expect(local({ host: 'localhost', origin: 'https://localhost:443' })).toBeNull();
});

test('a server bound to every address accepts the addresses of the machine, and still no foreign name', () => {
  const open = createGuard('0.0.0.0');
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  expect(addresses.length).toBeGreaterThan(0);
  for (const { address, family } of addresses) {
    const host = family === 'IPv6' ? `[${address.replace(/%.*$/, '')}]:3000` : `${address}:3000`;
    expect(open({ host, origin: `http://${host}` })).toBeNull();
  }
  expect(open({ host: 'evil.example:3000' })).toMatch(/Host/);
});

test('a server bound to a name accepts it', () => {
  expect(createGuard('lab.example')({ host: 'lab.example:3000' })).toBeNull();
  expect(createGuard('lab.example')({ host: 'other.example:3000' })).toMatch(/Host/);
});
