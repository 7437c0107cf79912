import { expect, test } from 'vitest';
import { nodeProblem } from '../../../server/setup/node-version.mjs';

test('versions from 20.19, 22.12 and 23 on are taken', () => {
  for (const version of ['20.19.0', '20.20.2', '22.12.0', '22.21.1', '23.0.0', '24.1.0', '26.0.0'])
    expect([version, nodeProblem(version)]).toEqual([version, null]);
});

test('older versions are named, with what is needed and where to get it', () => {
  for (const version of ['8.17.0', '14.21.3', '18.20.4', '20.18.3', '21.7.3', '22.11.0']) {
    const problem = nodeProblem(version);
    expect(problem).toContain(version);
    expect(problem).toMatch(/needs Node\.js 20\.19 or later.*nodejs\.org/s);
  }
});
