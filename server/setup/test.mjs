#!/usr/bin/env node
/** `npm test`: set-up, then the whole gate, step by step; stops at the first that fails. `npm test -- lint unit` runs
 * only the steps it names. */
import { main, prepare, ROOT, say } from './prepare.mjs';

/** @type {readonly (readonly [name: string, title: string, script: string | null])[]} */
const STEPS = [
  ['format', 'Format', 'check:format'],
  ['lint', 'Lint', 'check:lint'],
  ['types', 'Types', 'check:types'],
  ['unit', 'Unit tests', 'test:unit'],
  ['integration', 'Integration tests', 'test:integration'],
  ['build', 'Dashboard', null],
  ['browser', 'Browser tests', 'test:browser'],
];

/** @param {number} since milliseconds, of performance.now() */
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

main(async () => {
  const [{ runNpm, SetupError }, { buildWeb }, { provideBrowser }, { provideWheel }] = await Promise.all([
    import('./command.mjs'),
    import('./web.mjs'),
    import('./browser.mjs'),
    import('./wheel.mjs'),
  ]);
  const wanted = process.argv.slice(2);
  const names = STEPS.map(([name]) => name);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new SetupError(`npm test has no step '${unknown}'; valid are ${names.join(', ')}`);
  const begin = performance.now();
  await prepare({ web: false });
  for (const [name, title, script] of STEPS) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`\n=== ${title} ===`);
    const start = performance.now();
    const env = { ...process.env };
    if (name === 'build' || name === 'browser') await buildWeb(ROOT, say);
    if (name === 'integration') {
      const wheel = await provideWheel(say);
      if (wheel !== undefined) env.VANILLASCOPE_TENSORFLOW = wheel;
    }
    if (name === 'browser') env.VANILLASCOPE_BROWSER = await provideBrowser(ROOT, say);
    const { code } = script
      ? await runNpm(['run', '--silent', script], { cwd: ROOT, env, show: true })
      : { code: 0 };
    if (code !== 0)
      throw new SetupError(
        `npm test stopped: ${title} failed after ${seconds(start)}. Only this step again: npm test -- ${name}`,
      );
    console.log(`--- ${title}: passed in ${seconds(start)}`);
  }
  console.log(`\nnpm test: everything passed in ${seconds(begin)}`);
});
