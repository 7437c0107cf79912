/**
 * The bench in one file, for a machine with a GPU but without Node.js's packages. Bundled from here (esbuild --bundle
 * --platform=node --format=esm, all native modules external), with the package `webgpu` in a node_modules beside it, and
 * started at the root of a checkout, which has the peer in Python:
 *
 *   node BUNDLE train --json --no-write     measures WebGPU and PyTorch in turn; all options of main.ts
 *   node BUNDLE webgpu                      is the measured process of that rung, as engineProcess.ts
 */
import { RUNG_IDS } from '../../shared/rungs.ts';

const asked: string | undefined = process.argv[2];
// One after the other and not at once: each of the two is a program.
if (RUNG_IDS.some((id) => id === asked)) await import('./engineProcess.ts');
else await import('./main.ts');
