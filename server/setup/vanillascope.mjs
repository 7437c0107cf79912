#!/usr/bin/env node
/** `npx vanillascope …`: set-up, then any subcommand; only `serve` needs the dashboard. */
import { main, prepare } from './prepare.mjs';

main(async () => {
  const args = process.argv.slice(2);
  const help = args.includes('--help') || args.includes('-h');
  await prepare({ web: args[0] === 'serve' && !help });
  const { launch } = await import('./launch.mjs');
  launch(args);
});
