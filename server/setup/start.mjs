#!/usr/bin/env node
/** `npm start`: set-up, then the server. */
import { main, prepare } from './prepare.mjs';

main(async () => {
  await prepare();
  const { launch } = await import('./launch.mjs');
  launch(['serve', ...process.argv.slice(2)]);
});
